/* IP addresses: reading them, comparing them with ranges, and the ranges nobody
 * should reach by accident. */
#ifndef HOSTEL_NET_ADDRESS_H
#define HOSTEL_NET_ADDRESS_H

#include "base/base.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* IPv6, in network order; an IPv4 address is ::ffff:a.b.c.d, so one comparison
 * serves both and no spelling of an IPv4 address escapes a rule about it. */
struct address {
    uint8_t bytes[16];
};

struct address_range {
    struct address address;
    unsigned bits; /* how many leading bits count: 0 to 128 */
};

enum { ADDRESS_TEXT_SIZE = INET6_ADDRSTRLEN };

/* IPv4 as inet_aton reads it: 1 to 4 parts, decimal, octal (0) or hexadecimal
 * (0x). */
bool address_parse_v4(struct address *address, struct slice text);
/* IPv6 without brackets or zone. */
bool address_parse_v6(struct address *address, struct slice text);
/* ADDRESS/BITS, either family. */
bool address_parse_range(struct address_range *range, struct slice text);

bool address_is_v4(const struct address *address);
bool address_equal(const struct address *a, const struct address *b);
bool address_in(const struct address *address,
                const struct address_range *range);
bool address_is_loopback(const struct address *address);

/* Why this is no address of the public Internet, by itself: "loopback (RFC
 * 4291)"; NULL if it is. */
const char *address_special(const struct address *address);

/* All that the address may mean: itself, then the IPv4 addresses it carries.
 * Returns how many. */
enum { MAX_READINGS = 8 };
size_t address_readings(const struct address *address,
                        struct address readings[MAX_READINGS]);
/* True where the second reading is but another form of the first: 64:ff9b::/96
 * (RFC 6052). */
bool address_is_translated(const struct address *address);

/* True if no reading is special. */
bool address_is_public(const struct address *address);

/* IPv4 in dotted form, IPv6 without brackets. */
void address_format(const struct address *address, char out[ADDRESS_TEXT_SIZE]);
socklen_t address_to_socket(const struct address *address,
                            uint16_t port,
                            struct sockaddr_storage *out);
bool address_from_socket(struct address *address,
                         const struct sockaddr_storage *from);

#endif
