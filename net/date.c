/* The dates of cookies (RFC 6265bis section 5.1.1), which no strptime reads.
 *
 * The text is cut into tokens at delimiters. Each token is tried, in this
 * order, as a time (h:m:s), a day of the month (1 or 2 digits), a month (its
 * first three letters) and a year (2 to 4 digits); the first that fits and is
 * not yet known wins. Whatever follows the digits of a token must not be a
 * digit and is ignored. No locale, no time zone: all is UTC. */
#include "net/date.h"
#include "net/syntax.h"

struct date {
    int hour, minute, second, day, month, year;
    bool has_time, has_day, has_month, has_year;
};

static bool is_delimiter(uint8_t c) {
    return c == 0x09 || (c >= 0x20 && c <= 0x2F) || (c >= 0x3B && c <= 0x40) ||
           (c >= 0x5B && c <= 0x60) || (c >= 0x7B && c <= 0x7E);
}

/* Reads `least` to `most` digits at *at; false if there are fewer, or one
 * more. */
static bool
read_digits(struct slice token, size_t *at, int least, int most, int *value) {
    int count = 0;
    *value = 0;
    while (*at < token.size && ascii_is_digit((char)token.data[*at])) {
        if (++count > most)
            return false;
        *value = *value * 10 + (token.data[(*at)++] - '0');
    }
    return count >= least;
}

/* hours:minutes:seconds, of one or two digits each; what follows does not
 * matter. */
static bool read_time(struct slice token, struct date *date) {
    size_t at = 0;
    if (!read_digits(token, &at, 1, 2, &date->hour))
        return false;
    if (at == token.size || token.data[at++] != ':')
        return false;
    if (!read_digits(token, &at, 1, 2, &date->minute))
        return false;
    if (at == token.size || token.data[at++] != ':')
        return false;
    return read_digits(token, &at, 1, 2, &date->second);
}

/* `value` is written only if it fits: a day that is no day may still be a year. */
static bool read_number(struct slice token, int least, int most, int *value) {
    size_t at = 0;
    int number;
    if (!read_digits(token, &at, least, most, &number))
        return false;
    *value = number;
    return true;
}

/* By its first three letters; "Januar" is January, too. */
static bool read_month(struct slice token, int *month) {
    static const char *const names[] = {"jan",
                                        "feb",
                                        "mar",
                                        "apr",
                                        "may",
                                        "jun",
                                        "jul",
                                        "aug",
                                        "sep",
                                        "oct",
                                        "nov",
                                        "dec"};
    for (int i = 0; i < 12; i++) {
        if (!text_begins(token, names[i]))
            continue;
        *month = i + 1;
        return true;
    }
    return false;
}

/* The order of the attempts is the algorithm's own. */
static void take_token(struct slice token, struct date *date) {
    if (!date->has_time && read_time(token, date))
        date->has_time = true;
    else if (!date->has_day && read_number(token, 1, 2, &date->day))
        date->has_day = true;
    else if (!date->has_month && read_month(token, &date->month))
        date->has_month = true;
    else if (!date->has_year && read_number(token, 2, 4, &date->year))
        date->has_year = true;
}

static int days_in_month(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* Seconds since 1970, in the Gregorian calendar, leap seconds not counted. */
static int64_t to_seconds(const struct date *date) {
    int64_t past = date->year - 1; /* whole years since year 0 ended */
    /* 1970-01-01. */
    int64_t days = past * 365 + past / 4 - past / 100 + past / 400 - 719162;
    for (int month = 1; month < date->month; month++)
        days += days_in_month(date->year, month);
    days += date->day - 1;
    return ((days * 24 + date->hour) * 60 + date->minute) * 60 + date->second;
}

/* What is missing or impossible makes it no date. Two digits of a year are of this
 * century or the last; before 1601 there are no dates (RFC 6265bis). */
bool date_parse(struct slice text, int64_t *seconds) {
    struct date date = {0};
    for (size_t i = 0; i < text.size;) {
        size_t begin = i;
        while (i < text.size && !is_delimiter(text.data[i]))
            i++;
        if (i > begin)
            take_token(slice_cut(text, begin, i), &date);
        else
            i++;
    }

    bool whole =
        date.has_time && date.has_day && date.has_month && date.has_year;
    if (!whole)
        return false;

    if (date.year >= 70 && date.year <= 99)
        date.year += 1900;
    else if (date.year < 70)
        date.year += 2000;

    bool time = date.hour <= 23 && date.minute <= 59 && date.second <= 59;
    if (!time || date.year < 1601)
        return false;
    if (date.day < 1 || date.day > days_in_month(date.year, date.month))
        return false;

    *seconds = to_seconds(&date);
    return true;
}
