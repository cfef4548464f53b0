# Fills an empty Request Tracker with a support queue and a software catalogue, as a
# French syndicate would run them. Prints the accounts' tokens as JSON.
use strict;
use warnings;
use utf8;
use lib "/usr/share/request-tracker5/lib";
use JSON ();
use RT -init;

my $root = RT::CurrentUser->new(RT->SystemUser);
$root->Load("root");
my $count = $ENV{TICKETS} || 300;

sub sure {
    my ($ok, $message) = @_;
    die $message unless $ok;
    return $ok;
}

sub account {
    my ($login, $name, %more) = @_;
    my $user = RT::User->new($root);
    sure($user->Create(
        Name => $login, RealName => $name, EmailAddress => "$login\@example.org",
        Password => "a-long-$login-password", Privileged => 1, Timezone => "UTC", %more));
    return $user;
}

my %user = (
    lecture => account("lecture", "Tableau de bord"),
    agir => account("agir", "Tableau qui agit"),
    paris => account("paris", "Fuseau de Paris", Timezone => "Europe/Paris"),
    ailleurs => account("ailleurs", "Sans Droit"),
    # May write comments, and not see them.
    sourd => account("sourd", "Sans Commentaires"),
    agent1 => account("agent1", "Agent Un"),
    agent2 => account("agent2", "Agent Deux"),
);

my (%queue, %field);
for my $name ("Assistance", "Catalogue", "Autre") {
    my $queue = $queue{$name} = RT::Queue->new($root);
    sure($queue->Create(Name => $name));
}
# Queues with lifecycles of their own; the second has an apostrophe and no actions.
for my $pair (["Logiciels", "catalogue"], ["Demandes d'accès", "ecoles"]) {
    my $queue = $queue{$pair->[0]} = RT::Queue->new($root);
    sure($queue->Create(Name => $pair->[0], Lifecycle => $pair->[1]));
}
my $group = RT::Group->new($root);
sure($group->CreateUserDefinedGroup(Name => "Écoles <primaires>", Description => ""));
for my $name ("Code INSEE", "Logiciel", "Prestataire") {
    my $field = $field{$name} = RT::CustomField->new($root);
    sure($field->Create(Name => $name, Type => "FreeformSingle",
        LookupType => RT::Ticket->CustomFieldLookupType));
    sure($field->AddToObject($queue{$_})) for "Assistance", "Catalogue";
}

my @reading = qw(SeeQueue ShowTicket SeeCustomField ShowTicketComments);
my @acting = qw(ModifyTicket CommentOnTicket ReplyToTicket OwnTicket TakeTicket StealTicket
    ReassignTicket ModifyCustomField);
for my $queue (@queue{"Assistance", "Catalogue", "Logiciels", "Demandes d'accès"}) {
    for my $right (qw(SeeQueue ShowTicket SeeCustomField ModifyTicket CommentOnTicket
        ReplyToTicket OwnTicket TakeTicket)) {
        sure($user{sourd}->PrincipalObj->GrantRight(Right => $right, Object => $queue));
    }
    for my $login (qw(lecture paris agir agent1 agent2)) {
        sure($user{$login}->PrincipalObj->GrantRight(Right => $_, Object => $queue)) for @reading;
    }
    for my $login (qw(agir agent1 agent2)) {
        sure($user{$login}->PrincipalObj->GrantRight(Right => $_, Object => $queue)) for @acting;
    }
}

my %token;
for my $login (keys %user) {
    $user{$login}->PrincipalObj->GrantRight(Right => "ManageAuthTokens", Object => RT->System);
    my $own = RT::CurrentUser->new(RT->SystemUser);
    $own->Load($login);
    my $made = RT::AuthToken->new($own);
    my ($id, $message, $text) = $made->Create(Owner => $own->Id, Description => "smic-tui");
    die $message unless $id;
    $token{$login} = $text;
}

my @states = qw(new open stalled resolved rejected);
for my $number (0 .. $count - 1) {
    my $queue = $number % 10 == 9 ? "Catalogue" : $number % 30 == 8 ? "Autre" : "Assistance";
    my $state = $states[$number % @states];
    my $ticket = RT::Ticket->new($root);
    my %due = $number % 4 ? () : (Due => sprintf("2026-12-%02d 11:00:00", 1 + $number % 20));
    my $owner = $number % 3 || $queue eq "Autre" ? {} : { Owner => $user{agent1}->Id };
    my ($id, $txn, $message) = $ticket->Create(
        Queue => $queue{$queue}->Id,
        Status => $state =~ /stalled|rejected/ ? "open" : $state,
        Subject => "Imprimante n°$number muette à la mairie [\@click=x]",
        Requestor => "mairie" . ($number % 50) . "\@example.org",
        %due, %$owner,
        $queue eq "Autre" ? () : (
            "CustomField-" . $field{"Code INSEE"}->Id => 17000 + $number % 462,
            "CustomField-" . $field{"Logiciel"}->Id => "Berger-Levrault",
            "CustomField-" . $field{"Prestataire"}->Id => $number % 5 ? "" : "Informatique du Port",
        ),
    );
    die $message unless $id;
    # The lifecycle lets no ticket begin in these.
    sure($ticket->SetStatus($state)) if $state =~ /stalled|rejected/;
}
for my $pair (["Logiciels", "demandé"], ["Demandes d'accès", "nouveau"]) {
    for my $number (1 .. 12) {
        my $ticket = RT::Ticket->new($root);
        my ($id, $txn, $message) = $ticket->Create(
            Queue => $queue{$pair->[0]}->Id, Status => $pair->[1],
            Subject => "$pair->[0] n°$number",
            Requestor => $number % 3 ? "mairie$number\@example.org" : [$group->Id]);
        die $message unless $id;
        next if $pair->[0] eq "Logiciels" || $number > 2;
        sure($ticket->SetStatus("pris en charge"));
        sure($ticket->SetStatus($number == 1 ? "résolu" : "chez le prestataire"));
    }
}
print JSON::encode_json(\%token), "\n";
