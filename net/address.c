/* IP addresses.
 *
 * The system's inet_pton reads IPv6; IPv4 is read here, because a host written
 * as 0x7f.1 or 017700000001 means 127.0.0.1 to getaddrinfo and must mean it to
 * the policy too.
 *
 * Which addresses lead into a private network or nowhere, IANA's registries
 * say, and which IPv6 addresses carry IPv4 addresses, the RFCs about ways from
 * the one to the other: both stand in special.def. Such an address may end up
 * at what it carries, so it is judged as that too. A range that only its
 * operator knows (RFC 6052 allows any prefix for translation) cannot be
 * told. */
#include "net/address.h"
#include "net/syntax.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = {[10] = 0xFF, [11] = 0xFF};

/* A number of 32 bits as a mapped address. */
static void set_v4(struct address *address, uint32_t value) {
    memcpy(address->bytes, mapped_prefix, sizeof mapped_prefix);
    for (int i = 0; i < 4; i++)
        address->bytes[12 + i] = (uint8_t)(value >> (24 - 8 * i));
}

/* One part of an IPv4 address in C's notation for integers. */
static bool parse_part(struct slice text, uint64_t *value) {
    int base = 10;
    size_t i = 0;
    if (text.size > 1 && text.data[0] == '0') {
        bool hexadecimal = text_begins(text, "0x");
        base = hexadecimal ? 16 : 8;
        i = hexadecimal ? 2 : 1;
    }

    *value = 0;
    if (text.size == 0)
        return false;

    for (; i < text.size; i++) {
        int digit = hex_digit(text.data[i]);
        if (digit < 0 || digit >= base || *value > UINT32_MAX)
            return false;
        *value = *value * (uint64_t)base + (uint64_t)digit;
    }
    return *value <= UINT32_MAX;
}

/* a.b.c.d, a.b.c (c of 16 bits), a.b (b of 24) or a alone (of 32). */
bool address_parse_v4(struct address *address, struct slice text) {
    uint32_t result = 0;
    for (unsigned part = 0; part < 4; part++) {
        size_t end = slice_find(text, ".");
        uint64_t value;
        if (!parse_part(slice_cut(text, 0, end), &value))
            return false;
        if (end == text.size) {
            /* The last part fills all the bytes that are left. */
            unsigned left = 8 * (4 - part);
            if (left < 32 && value >> left != 0)
                return false;
            set_v4(address, result | (uint32_t)value);
            return true;
        }
        if (value > 255)
            return false;
        result |= (uint32_t)value << (24 - 8 * part);
        text = slice_cut(text, end + 1, text.size);
    }
    return false;
}

/* inet_pton wants a text with a NUL behind it; one within would hide the rest. */
bool address_parse_v6(struct address *address, struct slice text) {
    char copy[ADDRESS_TEXT_SIZE];
    if (text.size >= sizeof copy)
        return false;
    for (size_t i = 0; i < text.size; i++)
        copy[i] = (char)text.data[i];
    copy[text.size] = 0;
    return strlen(copy) == text.size &&
           inet_pton(AF_INET6, copy, address->bytes) == 1;
}

/* 10.0.0.0/8, fe80::/10. An IPv4 range is one of mapped addresses, 96 bits
 * deeper. */
bool address_parse_range(struct address_range *range, struct slice text) {
    size_t slash = slice_find(text, "/");
    if (slash == text.size)
        return false;

    struct slice address = slice_cut(text, 0, slash);
    struct slice prefix = slice_cut(text, slash + 1, text.size);
    bool v4 = address_parse_v4(&range->address, address);
    if (!v4 && !address_parse_v6(&range->address, address))
        return false;

    uint64_t bits;
    if (!parse_number(prefix, v4 ? 32 : 128, &bits))
        return false;

    range->bits = (unsigned)bits;
    if (v4)
        range->bits += 8 * sizeof mapped_prefix;
    return true;
}

/* ::ffff:0:0/96 stands for IPv4 throughout (RFC 4291 section 2.5.5.2). */
bool address_is_v4(const struct address *address) {
    return memcmp(address->bytes, mapped_prefix, sizeof mapped_prefix) == 0;
}

bool address_equal(const struct address *a, const struct address *b) {
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* Whole bytes first, then the bits of the byte in which the range's prefix
 * ends. */
bool address_in(const struct address *address,
                const struct address_range *range) {
    unsigned whole = range->bits / 8, rest = range->bits % 8;
    if (memcmp(address->bytes, range->address.bytes, whole) != 0)
        return false;
    if (rest == 0)
        return true;

    int differing = address->bytes[whole] ^ range->address.bytes[whole];
    return differing >> (8 - rest) == 0;
}

/* Is the address in one of the ranges, which are separated by spaces? */
static bool in_any(const struct address *address, const char *ranges) {
    for (struct slice rest = slice_of(ranges); rest.size;) {
        struct address_range range;
        struct slice text = slice_take(&rest, slice_find(rest, " "));
        if (address_parse_range(&range, text) && address_in(address, &range))
            return true;
    }
    return false;
}

/* This host itself, in both families. */
bool address_is_loopback(const struct address *address) {
    return in_any(address, "127.0.0.0/8 ::1/128");
}

/* ---- special addresses ---- */

enum { NO, YES };

static const struct special {
    const char *range;
    bool public;
    const char *text;
} specials[] = {
#define SPECIAL(range, public, what, source)                                   \
    {range, public, what " (" source ")"},
#define CARRIES(range, bytes, inverted, source)
#include "net/special.def"
#undef SPECIAL
#undef CARRIES
};

static const struct carrier {
    const char *range;
    uint8_t bytes[4];
    bool inverted;
} carriers[] = {
#define BYTES(...)                                                             \
    { __VA_ARGS__ }
#define SPECIAL(range, public, what, source)
#define CARRIES(range, bytes, inverted, source) {range, bytes, inverted},
#include "net/special.def"
#undef BYTES
#undef SPECIAL
#undef CARRIES
};

/* By the longest prefix. */
const char *address_special(const struct address *address) {
    const struct special *found = NULL;
    unsigned bits = 0;
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++) {
        struct address_range range;
        if (!address_parse_range(&range, slice_of(specials[i].range)))
            continue;
        if (!address_in(address, &range) || (found && range.bits <= bits))
            continue;
        found = &specials[i];
        bits = range.bits;
    }

    bool special = found && !found->public;
    return special ? found->text : NULL; /* ::/0 has them all */
}

/* Interface identifiers of ISATAP (RFC 5214, section 6.1), universal or not:
 * 00-00-5E-FE and the IPv4 address, below any prefix. */
static bool is_isatap(const struct address *address) {
    const uint8_t *id = address->bytes + 8;
    return (id[0] & 0xFC) == 0 && id[1] == 0 && id[2] == 0x5E && id[3] == 0xFE;
}

/* One more reading. 0.0.0.0/8 is nobody's address, so within a range that is
 * special anyhow (as ::1 is within ::/96, or where a translator's prefix may
 * have several lengths) it is none. */
static size_t add_reading(const struct address *address,
                          const struct carrier *how,
                          struct address *readings,
                          size_t count) {
    struct address inner;
    memcpy(inner.bytes, mapped_prefix, sizeof mapped_prefix);
    for (unsigned i = 0; i < 4; i++)
        inner.bytes[12 + i] =
            address->bytes[how->bytes[i]] ^ (how->inverted ? 0xFF : 0);
    if (inner.bytes[12] == 0 && address_special(address))
        return count;
    readings[count] = inner;
    return count + 1;
}

/* The address itself, then what it carries by each of the ways. */
size_t address_readings(const struct address *address,
                        struct address readings[MAX_READINGS]) {
    static const struct carrier isatap = {.bytes = {12, 13, 14, 15}};
    size_t count = 1;
    readings[0] = *address;
    const size_t ways = sizeof carriers / sizeof *carriers;
    for (size_t i = 0; i < ways && count < MAX_READINGS; i++) {
        const struct carrier *carrier = &carriers[i];
        if (in_any(address, carrier->range))
            count = add_reading(address, carrier, readings, count);
    }
    if (is_isatap(address) && count < MAX_READINGS)
        count = add_reading(address, &isatap, readings, count);
    return count;
}

/* By the well-known prefix of NAT64 (RFC 6052 section 2.1). */
bool address_is_translated(const struct address *address) {
    return in_any(address, "64:ff9b::/96");
}

/* In every reading: one that leads into a private network is enough to refuse
 * it. */
bool address_is_public(const struct address *address) {
    struct address readings[MAX_READINGS];
    size_t count = address_readings(address, readings);
    for (size_t i = 0; i < count; i++) {
        if (address_special(&readings[i]))
            return false;
    }
    return true;
}

/* ---- text and sockets ---- */

void address_format(const struct address *address,
                    char out[ADDRESS_TEXT_SIZE]) {
    const uint8_t *bytes = address->bytes;
    if (address_is_v4(address))
        inet_ntop(
            AF_INET, bytes + sizeof mapped_prefix, out, ADDRESS_TEXT_SIZE);
    else
        inet_ntop(AF_INET6, bytes, out, ADDRESS_TEXT_SIZE);
}

socklen_t address_to_socket(const struct address *address,
                            uint16_t port,
                            struct sockaddr_storage *out) {
    memset(out, 0, sizeof *out);
    if (address_is_v4(address)) {
        struct sockaddr_in v4 = {.sin_family = AF_INET,
                                 .sin_port = htons(port)};
        memcpy(&v4.sin_addr, address->bytes + 12, 4);
        memcpy(out, &v4, sizeof v4);
        return sizeof v4;
    }
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                              .sin6_port = htons(port)};
    memcpy(&v6.sin6_addr, address->bytes, 16);
    memcpy(out, &v6, sizeof v6);
    return sizeof v6;
}

bool address_from_socket(struct address *address,
                         const struct sockaddr_storage *from) {
    if (from->ss_family == AF_INET) {
        memcpy(address->bytes, mapped_prefix, sizeof mapped_prefix);
        memcpy(address->bytes + 12,
               &((const struct sockaddr_in *)(const void *)from)->sin_addr,
               4);
    } else if (from->ss_family == AF_INET6) {
        memcpy(address->bytes,
               &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr,
               16);
    }
    return from->ss_family == AF_INET || from->ss_family == AF_INET6;
}
