#!/bin/sh
# Makes the certificates of the fake servers. They protect nothing: the keys are public.
# Valid for a hundred years, so that the tests do not age.
set -eu
cd "$(dirname "$0")"
openssl req -x509 -newkey rsa:2048 -nodes -days 36500 -subj "/CN=Test authority" \
    -addext "basicConstraints=critical,CA:TRUE" -keyout ca.key -out ca.pem
openssl req -newkey rsa:2048 -nodes -subj "/CN=monitoring.example" -keyout server.key -out server.csr
printf 'subjectAltName=DNS:monitoring.example\nbasicConstraints=CA:FALSE\n' > server.ext
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 36500 \
    -extfile server.ext -out server.crt
cat server.crt server.key > server.pem
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days -1 \
    -extfile server.ext -out expired.crt 2>/dev/null || true
if [ -s expired.crt ]; then cat expired.crt server.key > expired.pem; fi
openssl req -x509 -newkey rsa:2048 -nodes -days 36500 -subj "/CN=localhost" \
    -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" -keyout selfsigned.key -out selfsigned.crt
cat selfsigned.crt selfsigned.key > selfsigned.pem
openssl req -newkey rsa:2048 -nodes -subj "/CN=smic-tui" -keyout client.key -out client.csr
openssl x509 -req -in client.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 36500 -out client.crt
cat client.crt client.key > client.pem
rm -f ./*.csr ./*.ext ./*.srl ./*.key ./*.crt
