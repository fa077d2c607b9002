/* What guests and host say to each other about HTTP, as JSON.
 *
 *     {"method":"GET","url":"https://...","headers":{"Name":"value"},"body":[104,105],
 *      "body_encoding":"bytes"}
 *     {"status_code":200,"headers":{"name":"value, value"},
 *      "header_list":[["name","value"],["name","value"]],"body":[111,107]}
 *     {"error":{"kind":"dns","message":"..."}}
 *
 * In a request `headers`, `body` and `body_encoding` may be missing or null and
 * unknown members are ignored. A body is an array of byte numbers, a string, or
 * {"base64":"..."}; `body_encoding` (bytes, utf8, base64) chooses how the
 * reply's body comes. The kinds of errors are net/net.h's. */
#ifndef HOSTEL_MESSAGES_H
#define HOSTEL_MESSAGES_H

#include "net/net.h"
#include "json/json.h"

enum body_encoding {
    BODY_BYTES,
    BODY_UTF8,
    BODY_BASE64,
    BODY_APART /* none in the JSON */
};

struct message {
    struct net_request request;
    enum body_encoding encoding;
};

/* Read a request. What is made of it lives in the arena and points into `text`.
 * On failure an ERROR_NET of code NET_INVALID_REQUEST. */
bool message_read(struct message *message,
                  struct slice text,
                  struct arena *arena,
                  struct error *error);

/* Write a reply: the failure if there was one, else the response. */
void message_write(struct json_writer *writer,
                   const struct net_response *response,
                   enum body_encoding encoding,
                   const struct error *failure);

#endif
