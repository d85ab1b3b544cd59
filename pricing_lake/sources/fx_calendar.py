"""The days on which the European Central Bank fixes rates: TARGET business days, computed. Knows no document."""

from datetime import date, timedelta

from dateutil.easter import easter  # type: ignore[import-untyped]

_SATURDAY = 5
_CLOSED_DATES = ((1, 1), (5, 1), (12, 25), (12, 26))
"""Month and day of the closing days that stay put: New Year, Labour Day, Christmas and the day after."""
_CLOSED_FROM_EASTER = (timedelta(days=-2), timedelta(days=1))
"""Good Friday and Easter Monday."""


def is_business_day(day: date) -> bool:
    """Tell whether TARGET is open on `day`, so that reference rates are due.

    The closing days are those that the ECB has kept since 2002 (its decision of 14 December 2000). Twice before,
    on 31 December 1999 and 2001, it stayed closed besides: such a day counts as open here and has no rates.
    """
    if day.weekday() >= _SATURDAY or (day.month, day.day) in _CLOSED_DATES:
        return False
    sunday = easter(day.year)
    return day not in {sunday + distance for distance in _CLOSED_FROM_EASTER}


def business_days(first: date, last: date) -> list[date]:
    """Return the business days from `first` to `last`, both included, in order."""
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if is_business_day(day)]
