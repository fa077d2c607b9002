/* IP addresses.
 *
 * The system's inet_pton reads IPv6; IPv4 is read here, because a host written as 0x7f.1 or
 * 017700000001 means 127.0.0.1 to getaddrinfo and must mean it to the policy too.
 *
 * Blocked ranges are those of the IANA special-purpose registries (RFC 6890 and its successors)
 * that lead into a private network or nowhere. An IPv6 address that carries an IPv4 address
 * (RFC 6052, 3056, 4380) is as public as the one it carries.
 */
#include "net/address.h"
#include "net/internal.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = {[10] = 0xFF, [11] = 0xFF};

/* A number of 32 bits as a mapped address. */
static void set_v4(struct address *address, uint32_t value) {
    memcpy(address->bytes, mapped_prefix, sizeof mapped_prefix);
    for (int i = 0; i < 4; i++) address->bytes[12 + i] = (uint8_t)(value >> (24 - 8 * i));
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
    if (text.size == 0) return false;
    for (; i < text.size; i++) {
        int digit = hex_digit(text.data[i]);
        if (digit < 0 || digit >= base || *value > UINT32_MAX) return false;
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
        if (!parse_part(slice_cut(text, 0, end), &value)) return false;
        if (end == text.size) { /* the last part fills all the bytes that are left */
            unsigned left = 8 * (4 - part);
            if (left < 32 && value >> left != 0) return false;
            set_v4(address, result | (uint32_t)value);
            return true;
        }
        if (value > 255) return false;
        result |= (uint32_t)value << (24 - 8 * part);
        text = slice_cut(text, end + 1, text.size);
    }
    return false;
}

bool address_parse_v6(struct address *address, struct slice text) {
    char copy[ADDRESS_TEXT_SIZE];
    if (text.size >= sizeof copy) return false;
    for (size_t i = 0; i < text.size; i++) copy[i] = (char)text.data[i];
    copy[text.size] = 0;
    return strlen(copy) == text.size && inet_pton(AF_INET6, copy, address->bytes) == 1;
}

bool address_parse_range(struct address_range *range, struct slice text) {
    size_t slash = slice_find(text, "/");
    if (slash == text.size) return false;
    struct slice address = slice_cut(text, 0, slash);
    bool v4 = address_parse_v4(&range->address, address);
    if (!v4 && !address_parse_v6(&range->address, address)) return false;
    uint64_t bits;
    if (!parse_number(slice_cut(text, slash + 1, text.size), v4 ? 32 : 128, &bits)) return false;
    range->bits = (unsigned)bits + (v4 ? 96 : 0);
    return true;
}

bool address_is_v4(const struct address *address) {
    return memcmp(address->bytes, mapped_prefix, sizeof mapped_prefix) == 0;
}

bool address_equal(const struct address *a, const struct address *b) {
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* Whole bytes first, then the bits of the byte in which the range's prefix ends. */
bool address_in(const struct address *address, const struct address_range *range) {
    unsigned whole = range->bits / 8, rest = range->bits % 8;
    if (memcmp(address->bytes, range->address.bytes, whole) != 0) return false;
    if (rest == 0) return true;
    return (address->bytes[whole] ^ range->address.bytes[whole]) >> (8 - rest) == 0;
}

/* Is the address in one of the ranges, which are separated by spaces? */
static bool in_any(const struct address *address, const char *ranges) {
    for (struct slice rest = slice_of(ranges); rest.size;) {
        struct address_range range;
        size_t end = slice_find(rest, " ");
        if (address_parse_range(&range, slice_cut(rest, 0, end)) && address_in(address, &range))
            return true;
        rest = slice_cut(rest, end < rest.size ? end + 1 : end, rest.size);
    }
    return false;
}

bool address_is_loopback(const struct address *address) {
    return in_any(address, "127.0.0.0/8 ::1/128");
}

/* Is the IPv4 address public that lies within this one, its bits perhaps inverted by `mask`? */
static bool public_v4_at(const struct address *address, unsigned offset, uint8_t mask) {
    struct address inner;
    memcpy(inner.bytes, mapped_prefix, sizeof mapped_prefix);
    for (unsigned i = 0; i < 4; i++) inner.bytes[12 + i] = address->bytes[offset + i] ^ mask;
    return address_is_public(&inner);
}

bool address_is_public(const struct address *address) {
    const char *blocked =
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 "
        "192.0.0.0/24 192.0.2.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 "
        "224.0.0.0/4 240.0.0.0/4 "
        "::/96 64:ff9b:1::/48 100::/64 2001:db8::/32 fc00::/7 fe80::/10 fec0::/10 ff00::/8";
    if (in_any(address, blocked)) return false;
    if (in_any(address, "64:ff9b::/96")) return public_v4_at(address, 12, 0); /* NAT64 */
    if (in_any(address, "2002::/16")) return public_v4_at(address, 2, 0);     /* 6to4 */
    /* Teredo carries the server's address, and the client's with every bit inverted. */
    if (in_any(address, "2001::/32"))
        return public_v4_at(address, 4, 0) && public_v4_at(address, 12, 0xFF);
    return true;
}

void address_format(const struct address *address, char out[ADDRESS_TEXT_SIZE]) {
    bool v4 = address_is_v4(address);
    inet_ntop(v4 ? AF_INET : AF_INET6, address->bytes + (v4 ? 12 : 0), out, ADDRESS_TEXT_SIZE);
}

socklen_t address_to_socket(const struct address *address, uint16_t port,
                            struct sockaddr_storage *out) {
    memset(out, 0, sizeof *out);
    if (address_is_v4(address)) {
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
        memcpy(&v4.sin_addr, address->bytes + 12, 4);
        memcpy(out, &v4, sizeof v4);
        return sizeof v4;
    }
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    memcpy(&v6.sin6_addr, address->bytes, 16);
    memcpy(out, &v6, sizeof v6);
    return sizeof v6;
}

bool address_from_socket(struct address *address, const struct sockaddr_storage *from) {
    if (from->ss_family == AF_INET) {
        memcpy(address->bytes, mapped_prefix, sizeof mapped_prefix);
        memcpy(address->bytes + 12, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
    } else if (from->ss_family == AF_INET6) {
        memcpy(address->bytes, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, 16);
    }
    return from->ss_family == AF_INET || from->ss_family == AF_INET6;
}
