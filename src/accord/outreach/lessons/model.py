"""Lessons, their questions, and for whom they are.

Law (now): the examples of a lesson are on the list of dangers at that moment, and cannot be opened
from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal, get_args

import msgspec

from accord.outreach.dangers.model import CATEGORIES, Category, Danger
from accord.outreach.languages.catalogue import marked

Audience = Literal["public", "business", "older", "school", "cert"]
AUDIENCES: Final[tuple[Audience, ...]] = get_args(Audience)
NAMED: Final[dict[Audience, str]] = {
    "public": marked("Everybody"), "business": marked("Small businesses"),
    "older": marked("Older people"), "school": marked("Pupils"),
    "cert": marked("Staff of a response team"),
}  # fmt: skip
ADVICE: Final[dict[Audience, str]] = {
    "public": marked("Talk about it: whoever knows the trick does not fall for it."),
    "business": marked(
        "Agree that nobody pays or changes bank details because of a message alone, and practise "
        "it."
    ),
    "older": marked(
        "Take your time. No honest bank, office or relative minds if you hang up and call back."
    ),
    "school": marked("Tell an adult whom you trust. You are not in trouble for asking."),
    "cert": marked(
        "Keep the whole message with its headers, report it, and let two people put it on the list."
    ),
}
MOST_EXAMPLES: Final = 3


class Lesson(msgspec.Struct, frozen=True):
    """What one kind of danger looks like, and one question; all texts are messages."""

    category: Category
    title: str
    story: str
    signs: tuple[str, ...]
    question: str
    options: tuple[str, ...]
    right: int
    """The place of the right option."""
    why: str


LESSONS: Final[dict[Category, Lesson]] = {
    "phishing": Lesson(
        "phishing",
        marked("Messages that want your password"),
        marked(
            "A message says that a parcel waits, an account is blocked or money comes back. Its "
            "link opens a page that looks real and asks you to sign in or to give your card."
        ),
        (
            marked("It is in a hurry: today, or you lose something."),
            marked("The name in the link is not the one that you know, or only nearly."),
            marked("It asks for what the real sender never asks by message."),
        ),
        marked("Your bank writes that your card is blocked, with a link. What do you do?"),
        (
            marked("Open the link and look whether the page seems real"),
            marked("Call the bank by the number on your card"),
            marked("Answer and ask whether it is real"),
        ),
        1,
        marked(
            "A false page can look exactly like the real one, and whoever sent the message also "
            "answers it. Only a way that you knew before leads to the bank."
        ),
    ),
    "malware": Lesson(
        "malware",
        marked("Programs that are traps"),
        marked(
            "A page or message says that you need an update, a viewer or an app, and brings it "
            "along. What you install reads along, locks your files or pays from your account."
        ),
        (
            marked("It comes to you, and you did not look for it."),
            marked("It is not from the store of your device or from its maker."),
            marked("It wants to be allowed to read messages or to control the screen."),
        ),
        marked("A page says that your phone has a virus, and offers an app. What do you do?"),
        (
            marked("Install it, since a virus is worse"),
            marked("Close the page, and look for updates in the settings of the phone"),
            marked("Call the number on the page"),
        ),
        1,
        marked(
            "A page cannot see whether a phone has a virus. Updates come from the settings of the "
            "device and from its store."
        ),
    ),
    "scam": Lesson(
        "scam",
        marked("Offers that only take"),
        marked(
            "Somebody promises a profit, a job, a prize or love, first gives a little, and then "
            "wants a fee, a deposit or a gift card. What is paid does not come back."
        ),
        (
            marked("It promises much for little, and soon."),
            marked("You are to pay first, in a way that nobody can take back."),
            marked("You are to tell nobody."),
        ),
        marked("Work from home pays well, once you pay a small deposit. What do you do?"),
        (
            marked("Pay, since it is a small sum"),
            marked("Pay half of it now"),
            marked("Pay nothing, and report it"),
        ),
        2,
        marked("Who gives work pays you. A fee first is the trick, however small it is."),
    ),
    "impersonation": Lesson(
        "impersonation",
        marked("People who pretend to be others"),
        marked(
            "A call or message comes from a boss, an office, the police or your child with a new "
            "number. Voices and pictures can be made by machines today."
        ),
        (
            marked("The number or address is new, and the matter is urgent."),
            marked("It wants money, a code or silence."),
            marked("It does not want you to call back."),
        ),
        marked("Your boss asks by message for gift cards, at once. What do you do?"),
        (
            marked("Call your boss by the number that you know"),
            marked("Buy them, since it is the boss"),
            marked("Answer, and ask for a photograph"),
        ),
        0,
        marked(
            "Names, voices and photographs can be false. A call to the number that you knew before "
            "shows it in a minute."
        ),
    ),
}


def examples(category: Category, dangers: Iterable[Danger]) -> tuple[str, ...]:
    """What is on the list now, written so that it cannot be opened; what stays longest first."""
    found = [one for one in dangers if one.category == category]
    found.sort(key=lambda one: (one.expires, one.value), reverse=True)
    return tuple(defanged(one.value) for one in found[:MOST_EXAMPLES])


def ordered(dangers: Iterable[Danger]) -> tuple[tuple[Lesson, int], ...]:
    """Every lesson with how many of its dangers are known now, the most first."""
    many = dict.fromkeys(CATEGORIES, 0)
    for one in dangers:
        many[one.category] += 1
    return tuple((LESSONS[one], many[one]) for one in sorted(many, key=lambda one: -many[one]))


def defanged(value: str) -> str:
    """A text that no program takes for a link."""
    return re.sub(r"^http", "hxxp", value.replace(".", "[.]").replace("@", "[@]"))
