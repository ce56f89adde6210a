"""The people of the demonstration: two schools and an office far away, six departments, managers
three levels deep."""

from dataclasses import dataclass

from portal.domain.notices.preferences import DeliveryMode

MAIL_DOMAIN = "gloria.example"
TIME_ZONE = "Europe/Berlin"
NORTH, SOUTH = "Gloria North School", "Gloria South School"


@dataclass(frozen=True)
class DemoDepartment:
    """A department; its code is also the cost centre. `head` is the key of a person."""

    code: str
    name: str
    head: str
    school: str | None = None


@dataclass(frozen=True)
class DemoCalendar:
    """The working time of a place."""

    name: str
    time_zone: str
    country: str
    subdivision: str
    hours: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class DemoPerson:
    """A person; `manager` is another person's key, `account` their part in the demo."""

    key: str
    name: str
    job_title: str
    department: str | None
    manager: str | None
    roles: tuple[str, ...] = ("member",)
    account: str | None = None

    @property
    def email(self) -> str:
        """The key as a mail address of the demonstration's domain."""
        return f"{self.key}@{MAIL_DOMAIN}"


SCHOOLS = DemoCalendar(
    "School offices", TIME_ZONE, "DE", "BE", (("08:00", "12:00"), ("13:00", "17:00"))
)
BENGALURU = DemoCalendar("Bengaluru office", "Asia/Kolkata", "IN", "KA", (("09:30", "18:30"),))
CALENDARS = (SCHOOLS, BENGALURU)
# Whose place is not what they are asked goes by.
PLACES = {"kavya.rao": BENGALURU}

DEPARTMENTS = (
    DemoDepartment("4100", "Teaching North", "sofia.conti", NORTH),
    DemoDepartment("4200", "Teaching South", "emile.fournier", SOUTH),
    DemoDepartment("5100", "Finance", "ana.ruiz"),
    DemoDepartment("5200", "People", "hana.kobayashi"),
    DemoDepartment("5300", "IT", "priya.raman"),
    DemoDepartment("5400", "Purchasing and Facilities", "jonas.weber"),
)

# Of what they hear once a day or hour, as codes of topics.
DIGESTS = {
    "julia.schmidt": (DeliveryMode.DAILY, ("asked", "commented", "others", "told")),
    "samuel.green": (DeliveryMode.HOURLY, ("returned", "outcome", "commented")),
}

# key, name, job title, department, manager, account
_ROWS = """
ines.okafor|Ines Okafor|Director|5100||director
sofia.conti|Sofia Conti|Head of Teaching North|4100|ines.okafor|budget-owner
emile.fournier|Émile Fournier|Head of Teaching South|4200|ines.okafor|budget-owner
ana.ruiz|Ana Ruiz|Head of Finance|5100|ines.okafor|finance
hana.kobayashi|Hana Kobayashi|Head of People|5200|ines.okafor|people
priya.raman|Priya Raman|Head of IT|5300|ines.okafor|it
jonas.weber|Jonas Weber|Head of Purchasing and Facilities|5400|ines.okafor|purchasing
marta.lindqvist|Marta Lindqvist|Lead, Sciences North|4100|sofia.conti|manager
oluwaseun.adeyemi|Oluwaseun Adeyemi|Lead, Languages North|4100|sofia.conti|
yusuf.demir|Yusuf Demir|Lead, Sciences South|4200|emile.fournier|manager
clara.novak|Clara Nováková|Lead, Arts South|4200|emile.fournier|
mei.tanaka|Mei Tanaka|Lead, Accounting|5100|ana.ruiz|finance
dewi.santoso|Dewi Santoso|Lead, Recruiting|5200|hana.kobayashi|
kofi.mensah|Kofi Mensah|Lead, Systems|5300|priya.raman|it
lena.hoffmann|Lena Hoffmann|Lead, Procurement|5400|jonas.weber|purchasing
tom.becker|Tom Becker|Teacher, Physics|4100|marta.lindqvist|member
sara.nilsson|Sara Nilsson|Teacher, Chemistry|4100|marta.lindqvist|member
david.osei|David Osei|Teacher, Biology|4100|marta.lindqvist|
laila.haddad|ليلى حداد|Teacher, Mathematics|4100|marta.lindqvist|
peter.olsen|Peter Olsen|Teacher, English|4100|oluwaseun.adeyemi|
giulia.ferri|Giulia Ferri|Teacher, Italian|4100|oluwaseun.adeyemi|
nora.keller|Nora Keller|Teacher, German|4100|oluwaseun.adeyemi|
amir.rahimi|Amir Rahimi|Teacher, Physics|4200|yusuf.demir|member
zofia.kowalska|Zofia Kowalska|Teacher, Chemistry|4200|yusuf.demir|
ben.carter|Ben Carter|Teacher, Computing|4200|yusuf.demir|
chloe.martin|Chloé Martin|Teacher, Music|4200|clara.novak|
rafael.costa|Rafael Costa|Teacher, Drama|4200|clara.novak|
ingrid.dahl|Ingrid Dahl|Teacher, Art|4200|clara.novak|
omar.farouk|Omar Farouk|Accountant|5100|mei.tanaka|finance
julia.schmidt|Julia Schmidt|Controller|5100|mei.tanaka|finance
wei.zhang|Wei Zhang|Payroll Officer|5100|mei.tanaka|
agnes.toth|Ágnes Tóth|Recruiter|5200|dewi.santoso|
samuel.green|Samuel Green|People Partner|5200|dewi.santoso|people
maria.silva|Maria Silva|Training Coordinator|5200|dewi.santoso|
arjun.patel|Arjun Patel|Systems Engineer|5300|kofi.mensah|it
kavya.rao|Kavya Rao|Systems Engineer, Bengaluru|5300|kofi.mensah|it-bengaluru
eva.lang|Eva Lang|Service Desk|5300|kofi.mensah|
minh.nguyen|Nguyễn Minh|Network Engineer|5300|kofi.mensah|
paula.jimenez|Paula Jiménez|Buyer|5400|lena.hoffmann|
karl.brandt|Karl Brandt|Caretaker North|5400|lena.hoffmann|
fatima.ali|Fatima Ali|Facilities Planner|5400|lena.hoffmann|
"""


def _people() -> tuple[DemoPerson, ...]:
    people = []
    for row in _ROWS.strip().splitlines():
        key, name, title, department, manager, account = row.split("|")
        people.append(
            DemoPerson(key, name, title, department, manager or None, account=account or None)
        )
    people.append(
        DemoPerson(
            "ada.admin", "Ada Lindgren", "Portal administrator", "5300", "priya.raman",
            roles=("member", "admin"), account="admin",
        )
    )  # fmt: skip
    people.append(
        DemoPerson(
            "victor.audit", "Victor Haas", "Auditor", None, None,
            roles=("auditor",), account="auditor",
        )
    )  # fmt: skip
    return tuple(people)


PEOPLE = _people()

GROUPS = {
    "finance": ("Finance", ("ana.ruiz", "mei.tanaka", "omar.farouk", "julia.schmidt")),
    "it": ("IT", ("priya.raman", "kofi.mensah", "arjun.patel", "kavya.rao")),
    "people": ("People", ("hana.kobayashi", "dewi.santoso", "samuel.green")),
    "purchasing": ("Purchasing", ("jonas.weber", "lena.hoffmann", "paula.jimenez")),
}
