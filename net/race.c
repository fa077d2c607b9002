/* A race of connection attempts (RFC 8305, section 5, "Happy Eyeballs").
 *
 * The life of an attempt, one for each endpoint and started in their order:
 *
 *   waiting -> running -> won
 *                      -> failed
 *
 * The next one starts as soon as one has failed or none runs, else when 250 ms
 * have passed since the last start; those that run go on meanwhile. The first
 * that stands wins, and all others are closed. So an address that swallows
 * packets, as broken IPv6 does, costs a quarter of a second and not a share of
 * the deadline.
 *
 * Deliberately missing: asking for both families' addresses at once (section
 * 3); they come from the system's resolver, together. */
#include "net/race.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

struct race {
    const struct endpoint *endpoints; /* borrowed */
    /* One for each endpoint; fd is -1 unless it runs. */
    struct pollfd *attempts;
    size_t count, started, running;
    int64_t next_start; /* on clock_ms; 0: at once */
    struct error last;  /* failure */
};

static void start_next(struct race *race, int64_t now) {
    size_t index = race->started++;
    race->last = (struct error)ERROR_INIT;
    int fd = socket_start(&race->endpoints[index], &race->last);
    race->attempts[index] = (struct pollfd){.fd = fd, .events = POLLOUT};
    race->running += fd >= 0;
    race->next_start = fd >= 0 ? now + ATTEMPT_DELAY_MS : 0;
}

static void end_attempt(struct race *race, size_t index) {
    close(race->attempts[index].fd);
    race->attempts[index].fd = -1;
    race->running--;
}

/* Look at the attempts that something happened to. The socket of one that has
 * won, or -1. */
static int settle(struct race *race, size_t *winner) {
    for (size_t i = 0; i < race->started; i++) {
        struct pollfd *attempt = &race->attempts[i];
        if (attempt->fd < 0 || attempt->revents == 0)
            continue;
        race->last = (struct error)ERROR_INIT;
        if (socket_finish(attempt->fd, &race->endpoints[i], &race->last)) {
            *winner = i;
            return attempt->fd;
        }
        end_attempt(race, i);
        race->next_start = 0;
    }
    return -1;
}

/* Nothing was heard of those that still run; the first is named. */
static void time_out(const struct race *race, struct error *error) {
    char text[ADDRESS_TEXT_SIZE];
    size_t first = 0;
    while (first + 1 < race->started && race->attempts[first].fd < 0)
        first++;
    address_format(&race->endpoints[first].address, text);
    const char *others = race->running > 1 ? " and other addresses" : "";
    net_fail(error,
             NET_TIMEOUT,
             "no answer from %s port %u%s",
             text,
             race->endpoints[first].port,
             others);
}

/* Start attempts as their time comes, until one has won; -1 when all have
 * failed or the deadline is here. */
static int
run(struct race *race, int64_t deadline, size_t *winner, struct error *error) {
    for (;;) {
        int64_t now = clock_ms();
        if (now >= deadline) {
            time_out(race, error);
            return -1;
        }
        bool more = race->started < race->count;
        if (more && (race->running == 0 || now >= race->next_start)) {
            start_next(race, now);
            continue;
        }
        if (race->running == 0) {
            *error = race->last;
            return -1;
        }
        int64_t wait = deadline - now;
        if (more && race->next_start < deadline)
            wait = race->next_start - now;
        if (wait > INT32_MAX)
            wait = INT32_MAX;
        if (poll(race->attempts, (nfds_t)race->started, (int)wait) <= 0)
            continue;
        int fd = settle(race, winner);
        if (fd >= 0)
            return fd;
    }
}

int race_connect(const struct endpoint *endpoints,
                 size_t count,
                 int64_t deadline,
                 size_t *winner,
                 struct error *error) {
    struct race race = {
        .endpoints = endpoints, .count = count, .last = ERROR_INIT};
    race.attempts = calloc(count, sizeof *race.attempts);
    if (!race.attempts) {
        net_fail(error, NET_CONNECT, "no memory for a connection");
        return -1;
    }
    int fd = run(&race, deadline, winner, error);
    for (size_t i = 0; i < race.started; i++) {
        bool running = race.attempts[i].fd >= 0;
        if (running && race.attempts[i].fd != fd)
            end_attempt(&race, i);
    }
    free(race.attempts);
    return fd;
}
