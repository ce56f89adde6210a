"""Believable people of an old database, with everything that is odd about them."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scripts.legacy.copying import Copier, stamp

FIRST = (
    "Adi", "Budi", "Citra", "Dewi", "Eka", "Fajar", "Gita", "Hadi", "Indah", "Joko", "Kartika",
    "Lestari", "Made", "Nur", "Oki", "Putri", "Rini", "Sari", "Tono", "Utami", "Wahyu", "Yanti",
)  # fmt: skip
LAST = (
    "Santoso", "Wijaya", "Kusuma", "Hartono", "Pratama", "Saputra", "Lim", "Tanuwijaya", "Halim",
    "Siregar", "Nasution", "Gunawan", "Setiawan", "O'Brien", "Hidayat", "Susanto",
)  # fmt: skip
DEPARTMENTS = (
    ("FIN", "Finance"), ("HR", "People"), ("ICT", "Technology"), ("FAC", "Facilities"),
    ("SD", "Primary School"), ("SMP", "Junior High"), ("SMA", "Senior High"), ("LIB", "Library"),
)  # fmt: skip
ROLES = ("PRINCIPAL", "FINANCE", "HR_ADMIN", "PURCHASER", "IT_SUPPORT", "EMPTY", "ALL_GONE", "OFF")
GONE = "0190ffff-0000-7000-8000-00000000dead"
"""A profile id that appears in rows, while the profile is gone."""


@dataclass
class Organisation:
    """Keys of what was made. `active` and `inactive` are profile ids."""

    active: list[str] = field(default_factory=list)
    inactive: list[str] = field(default_factory=list)
    positions: list[str] = field(default_factory=list)


class People:
    """Makes the people and their places; the same seed gives the same rows."""

    def __init__(self, copier: Copier, chance: random.Random, now: datetime, size: int) -> None:
        self._copier = copier
        self._chance = chance
        self._now = now
        self._size = size
        self._next = 0
        self.made = Organisation()

    def make(self) -> Organisation:
        """Everybody, their roles and positions, and their personal delegations."""
        self._profiles()
        self._roles()
        self._places()
        self._posts()
        self._delegations()
        self._copier.flush()
        return self.made

    def _key(self) -> str:
        self._next += 1
        return f"0190a000-0000-7000-8000-{self._next:012x}"

    def _profiles(self) -> None:
        for number in range(self._size):
            nip, key = f"{number:07d}", self._key()
            name: str | None = f"{self._chance.choice(FIRST)} {self._chance.choice(LAST)}"
            mail: str | None = f"person{number}@gloria.example"
            # One in forty has no name, shares an address, has none, or one that cannot be.
            match number % 40:
                case 7:
                    name = None
                case 11:
                    mail = "Front.Office@gloria.example" if number % 80 == 11 else mail
                case 12:
                    mail = "front.office@gloria.example"
                case 13:
                    mail = None
                case 14:
                    mail = "not an address"
            active = number % 25 != 9
            (self.made.active if active else self.made.inactive).append(key)
            self._copier.add_all("data_karyawan", [{
                "nip": nip, "nama": name, "email": mail, "bagian_kerja": "Gloria",
                "status_aktif": "Aktif" if active else "Keluar",
            }])  # fmt: skip
            self._copier.add_all("user_profiles", [{
                "id": key, "clerk_user_id": f"user_{number:07d}", "nip": nip, "is_active": active,
                "updated_at": stamp(self._now),
            }])  # fmt: skip

    def _roles(self) -> None:
        past = stamp(self._now - timedelta(days=400))
        gone = stamp(self._now - timedelta(days=30))
        for level, code in enumerate(ROLES):
            role = self._key()
            self._copier.add_all("roles", [{
                "id": role, "code": code, "name": code.replace("_", " ").title(),
                "hierarchy_level": level, "is_active": code != "OFF",
            }])  # fmt: skip
            holders = self._chance.sample(self.made.active, 3)
            if code == "EMPTY":
                continue
            if code == "ALL_GONE":
                holders = self.made.inactive[:2]
            rows: list[tuple[str, str | None, bool]] = [(each, None, True) for each in holders]
            if code == "FINANCE":  # somebody inactive, somebody whose time is over, somebody off
                others = [each for each in self.made.active if each not in holders]
                rows += [(self.made.inactive[0], None, True), (others[0], gone, True)]
                rows.append((others[1], None, False))
            for holder, until, active in rows:
                self._copier.add_all("user_roles", [{
                    "id": self._key(), "user_profile_id": holder, "role_id": role,
                    "valid_from": past, "valid_until": until, "is_active": active,
                }])  # fmt: skip

    def _places(self) -> None:
        schools = [self._key(), self._key()]
        names = ("Gloria Utara", "Gloria Selatan")
        self._copier.add_all("schools", [
            {"id": key, "code": f"S{number}", "name": name}
            for number, (key, name) in enumerate(zip(schools, names, strict=True))
        ])  # fmt: skip
        top = self._position("DIRECTOR", "Director", None, 0)
        for number, (code, name) in enumerate(DEPARTMENTS):
            department = self._key()
            self._copier.add_all("departments", [{
                "id": department, "code": code, "name": name, "school_id": schools[number % 2],
            }])  # fmt: skip
            head = self._position(f"{code}_HEAD", f"Head of {name}", top, 1)
            self._position(f"{code}_LEAD", f"Lead in {name}", head, 2)
            self._position(f"{code}_STAFF", f"Staff of {name}", head, 3)
        # A circle, which the walk upwards has to leave.
        first = self._position("CIRCLE_A", "Circle A", None, 1)
        second = self._position("CIRCLE_B", "Circle B", first, 1)
        self._above(first, second)

    def _position(self, code: str, name: str, above: str | None, level: int) -> str:
        key = self._key()
        self._copier.add_all("positions", [
            {"id": key, "code": code, "name": name, "hierarchy_level": level, "is_active": True}
        ])  # fmt: skip
        if above is not None:
            self._above(key, above)
        self.made.positions.append(key)
        return key

    def _above(self, position: str, above: str) -> None:
        row = {"id": self._key(), "position_id": position, "reports_to_id": above}
        self._copier.add_all("position_hierarchy", [row])

    def _posts(self) -> None:
        """One holder for heads, many for staff; every fifth lead's post is vacant."""
        everybody = sorted([*self.made.active, *self.made.inactive])
        heads = self.made.positions[:-2]
        for number, person in enumerate(everybody):
            position = heads[number] if number < len(heads) else heads[3 * (number % 8) + 3]
            if number < len(heads) and number % 15 == 5:  # vacant
                continue
            self._post(person, position, None, acting=number % 9 == 4)
        self._post(self.made.active[-1], self.made.positions[-1], None)
        self._post(self.made.inactive[-1], self.made.positions[2], self._now - timedelta(days=90))

    def _post(
        self, person: str, position: str, until: datetime | None, *, acting: bool = False
    ) -> None:
        self._copier.add_all("user_positions", [{
            "id": self._key(), "user_profile_id": person, "position_id": position,
            "start_date": stamp(self._now - timedelta(days=500)),
            "end_date": None if until is None else stamp(until), "is_plt": acting,
        }])  # fmt: skip

    def _delegations(self) -> None:
        """In force, for one module, over, not active, from and to somebody inactive."""
        days = ((-5, 5, True, None), (-5, 9, True, "finance"), (-50, -5, True, None),
                (-5, 5, False, None), (-5, 5, True, "unknown"))  # fmt: skip
        for number, (begin, end, active, module) in enumerate(days * 2):
            people = self._chance.sample(self.made.active, 2)
            if number == 5:
                people[1] = self.made.inactive[1]
            self._copier.add_all("approval_delegations", [{
                "id": self._key(), "delegator_profile_id": people[0],
                "delegate_profile_id": people[1], "module": module,
                "start_date": stamp(self._now + timedelta(days=begin)),
                "end_date": stamp(self._now + timedelta(days=end)), "reason": "Leave",
                "is_active": active, "created_at": stamp(self._now),
                "updated_at": stamp(self._now),
            }])  # fmt: skip
