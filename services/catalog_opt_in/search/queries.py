"""What is searched for, as PostgreSQL is asked for it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.catalog_opt_in.search.words import (
    is_corrected,
    is_one_slip,
    spellings,
    stem,
    words,
)

SHORTEST_BEGINNING = 3


@dataclass(frozen=True, slots=True)
class Search:
    """A query in the syntax of tsquery; without words it matches nothing.

    All products with the words in `whole` match, before those whose words only begin like the last
    one, as while it is typed: with those `before`, of which there may be none, these have `last`.
    """

    whole: str
    before: str | None
    last: str

    @property
    def begun(self) -> str:
        """Matches all that the query means."""
        return self.last if self.before is None else f"{self.before} & {self.last}"


def search_of(query: str) -> Search | None:
    """Reads a query, all whose words must be in a product. None if it is blank."""
    return search_for([{word} for word in words(query)]) if query.strip() else None


def search_for(meanings: Iterable[Collection[str]]) -> Search:
    """Searches for words, each in any of the meanings that it may have."""
    terms = [" | ".join(sorted(f"'{stem(word)}'" for word in meaning)) for meaning in meanings]
    *before, last = terms or [""]
    is_begun = len(last) >= SHORTEST_BEGINNING + len("''")
    return Search(
        whole=_all(terms),
        before=_all(before) if before else None,
        last=_all([last.replace("' ", "':* ") + ":*"] if is_begun else terms[-1:]),
    )


def corrections_asked(query: str) -> list[str]:
    """Returns the spellings by which the words that a query may mean are looked up."""
    slips = {slip for word in words(query) for slip in _slips(word)}
    return sorted({spelling for slip in slips for spelling in spellings(slip)})


def corrected(query: str, known: Sequence[str]) -> Search | None:
    """Reads a query as if a slip had been made in each word. None if no other word is meant."""
    meanings: Mapping[str, set[str]] = {
        word: {other for other in known for slip in _slips(word) if is_one_slip(slip, other)}
        for word in words(query)
    }
    if not any(meanings.values()):
        return None
    return search_for([{word} | others for word, others in meanings.items()])


def _slips(word: str) -> set[str]:
    """Returns the forms of a word in which a slip is looked for: whole, and without its ending."""
    return {form for form in (word, stem(word)) if is_corrected(form)}


def _all(terms: Iterable[str]) -> str:
    return " & ".join(f"({term})" for term in terms)
