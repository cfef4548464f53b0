"""The subjects of the sample's tickets, by queue and season.

The words in a template's braces come from `WORDS`; `months` limits it to a season.
"""

from __future__ import annotations

from random import Random

from msgspec import Struct

LEVEL_ONE = "Assistance niveau 1"
BUSINESS = "Métier"
NETWORK = "Réseau"
BACKUPS = "Sauvegardes"
QUEUES = {LEVEL_ONE: 60, BUSINESS: 22, NETWORK: 11, BACKUPS: 7}

# Tickets with these subjects are settled on the day of the call.
QUICK = frozenset(("Mot de passe oublié", "Compte verrouillé après plusieurs essais"))


class Template(Struct, frozen=True):
    """A subject with words to fill in; `weight` is how common it is."""

    text: str
    weight: int = 4
    months: tuple[int, ...] = ()


WORDS = {
    "imprimante": ("copieur de l'accueil", "imprimante du bureau 2", "copieur A3", "imprimante"),
    "poste": ("poste de l'accueil", "poste du secrétariat", "PC portable", "poste du maire"),
    "lecteur": ("P:", "S:", "Z:", "commun"),
    "mois": (
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ),
    "n": tuple(str(number) for number in range(2, 90)),
    "jours": tuple(str(number) for number in range(2, 10)),
    "tablettes": tuple(str(number) for number in range(8, 25)),
    "protocole": ("restic", "borg", "image", "rsync", "export hebdo"),
    "usager": ("un nouvel agent", "un stagiaire", "la remplaçante", "une secrétaire"),
}

TEMPLATES: dict[str, tuple[Template, ...]] = {
    LEVEL_ONE: (
        Template("Mot de passe oublié", 12),
        Template("Compte verrouillé après plusieurs essais", 7),
        Template("Mot de passe expiré, impossible de le changer", 5),
        Template("{imprimante} : bourrage papier signalé mais rien dans le bac", 4),
        Template("{imprimante} : n'imprime plus depuis ce matin", 8),
        Template("{imprimante} : numérisation vers messagerie impossible", 6),
        Template("{imprimante} : toner à commander", 5),
        Template("{imprimante} : impressions pâles", 3),
        Template("{poste} très lent au démarrage", 7),
        Template("{poste} : écran noir", 5),
        Template("{poste} : écran bleu, erreur au redémarrage", 3),
        Template("{poste} : mises à jour bloquées à {n} %", 4),
        Template("{poste} : plus de son en visioconférence", 3),
        Template("{poste} : le clavier écrit n'importe quoi", 2),
        Template("Messagerie : boîte pleine", 6),
        Template("Messagerie : message suspect reçu, que faire ?", 6),
        Template("Messagerie : pièce jointe de {n} Mo refusée", 4),
        Template("Messagerie : ne reçoit plus les courriels de la préfecture", 3),
        Template("Messagerie : signature à modifier", 2),
        Template("Messagerie : créer une adresse pour {usager}", 4),
        Template("Création de compte pour {usager}", 6),
        Template("Départ d'un agent : fermer le compte", 4),
        Template("Lecteur {lecteur} absent à l'ouverture de session", 6),
        Template("Lecteur {lecteur} : accès refusé au dossier Conseil", 4),
        Template("Fichier supprimé par erreur sur {lecteur}", 3),
        Template("Installer un second écran", 3),
        Template("Installer un lecteur de carte pour la signature", 3),
        Template("Certificat de signature expiré", 4),
        Template("Navigateur : page blanche sur le portail de la trésorerie", 4),
        Template("Traitement de texte : modèle d'arrêté illisible", 3),
        Template("Tableur : le fichier du budget s'ouvre en lecture seule", 4),
        Template("Vidéoprojecteur de la salle du conseil non reconnu", 3),
        Template("Téléphone de l'accueil : plus de renvoi d'appel", 3),
        Template("Déménagement d'un bureau : rebrancher le poste", 2),
        Template("Tablettes des élus : mise à jour demandée", 2),
        Template("Préparer le poste de la cantine pour la rentrée", 6, (8, 9)),
        Template(
            "Classe mobile : les {tablettes} tablettes ne se synchronisent pas", 4, (9, 10, 11)
        ),
        Template("Bureau de vote : préparer deux postes", 5, (2, 3, 5, 6)),
        Template("Vœux du maire : sonorisation et projection", 4, (12, 1)),
        Template("Forum des associations : prêt d'un poste", 3, (8, 9)),
    ),
    BUSINESS: (
        Template("Gestion financière : mandat rejeté par la trésorerie", 6),
        Template("Gestion financière : flux PES refusé, erreur {n}", 6),
        Template("Gestion financière : écart entre le compte de gestion et le logiciel", 3),
        Template("Gestion financière : passage d'exercice", 8, (12, 1)),
        Template("Gestion financière : édition du budget primitif incomplète", 7, (2, 3, 4)),
        Template("Gestion financière : décision modificative à saisir", 5, (10, 11, 12)),
        Template("Gestion financière : rattachement des charges", 6, (11, 12, 1)),
        Template("Paie : DSN rejetée", 6),
        Template("Paie : DSN à corriger ({mois})", 5),
        Template("Paie : taux de prélèvement à la source non importés", 4),
        Template("Paie : paie de décembre et régularisations", 5, (11, 12)),
        Template("État civil : acte non transmis à l'INSEE", 4),
        Template("État civil : livret de famille, impression décalée", 3),
        Template("État civil : recherche d'acte sans résultat", 3),
        Template("Élections : extraction du répertoire unique", 5),
        Template("Élections : cartes électorales en double", 4, (2, 3, 4, 5)),
        Template("Urbanisme : dossier bloqué au guichet numérique", 5),
        Template("Urbanisme : certificat d'urbanisme non généré", 4),
        Template("Cadastre : mise à jour annuelle des matrices", 5, (9, 10, 11)),
        Template("Cadastre : plan illisible sur la parcelle ZA {n}", 3),
        Template("Cimetière : concession introuvable", 3),
        Template("Cimetière : plan à reprendre", 2),
        Template("Cantine et garderie : factures fausses ({mois})", 5),
        Template("Cantine et garderie : inscriptions de la rentrée", 6, (7, 8, 9)),
        Template("Délibérations : télétransmission en anomalie", 5),
        Template("Délibérations : certificat de télétransmission expiré", 4),
        Template("Aide sociale : dossier en double", 3),
        Template("Catalogue de la médiathèque : prêts non enregistrés", 3),
        Template("Facturation des abonnés : relevé de compteurs non importé", 4),
        Template("Formation demandée sur la gestion financière", 3),
        Template("Mise à jour du logiciel de paie demandée", 3),
    ),
    NETWORK: (
        Template("Plus d'internet", 8),
        Template("Connexion très lente depuis {jours} jours", 6),
        Template("Coupures répétées de la ligne", 6),
        Template("VPN : tunnel inactif", 5),
        Template("Wi-Fi de la salle du conseil : pas d'accès", 4),
        Template("Wi-Fi public : portail inaccessible", 4),
        Template("Bascule sur la 4G de secours, ligne fixe morte", 4),
        Template("Raccordement à la fibre : rendez-vous à caler", 5),
        Template("Site bloqué par le filtrage à tort", 4),
        Template("Routeur à remplacer après l'orage", 5, (5, 6, 7, 8, 9)),
        Template("Téléphonie : appels entrants coupés au bout de {n} s", 3),
        Template("Ouvrir un flux pour le prestataire de chauffage", 2),
        Template("École : filtrage trop strict sur un site pédagogique", 3),
    ),
    BACKUPS: (
        Template("Sauvegarde {protocole} en échec depuis {jours} jours", 7),
        Template("Sauvegarde {protocole} : espace insuffisant sur le NAS", 5),
        Template("Restaurer un dossier supprimé hier", 5),
        Template("Restaurer la base de gestion financière avant import", 3),
        Template("NAS : un disque clignote orange", 5),
        Template("NAS : alerte de volume dégradé", 4),
        Template("Disque externe plein", 4),
        Template("Changer le mot de passe du dépôt {protocole}", 2),
        Template("Test annuel de restauration à planifier", 4, (10, 11, 12)),
        Template("Ajouter une application à la sauvegarde", 3),
    ),
}


def subject(random: Random, queue: str, month: int) -> str:
    """Returns a subject for a ticket of that queue, opened in that month (1 to 12)."""
    fitting = [one for one in TEMPLATES[queue] if not one.months or month in one.months]
    template = random.choices(fitting, [one.weight for one in fitting])[0]
    words = {name: random.choice(choices) for name, choices in WORDS.items()}
    words["mois"] = WORDS["mois"][month - 2]
    text = template.text.format(**words)
    return text[0].upper() + text[1:]
