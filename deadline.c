/* The virtual machine looks at the clock as it works (vm/meter.h), and so do
 * its host functions. What none of them can look after is a call of the system
 * that does not come back in time: a module that is read from a pipe, a file
 * system that hangs, a dump that nobody reads, a directory of a million files
 * that is being removed. The system's timer ends these.
 *
 *     started ──────────────── limit ── grace ── end of the process ── at the latest
 *        the vm's own end comes here ^                 last words ^
 *
 * The timer never comes first, as long as the vm keeps its promise of ending
 * within the grace. It comes again, since nobody may read the last words
 * either. What the process leaves to others, such as its temporary directory to
 * the janitor, is done by them. */
#include "deadline.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { GRACE_MS = 200, LAST_WORDS_MS = 50 };

/* A signal handler has nothing but global state. It is written before the
 * handler is installed; after that only by itself and by deadline_ended. */
static char last_words[300];
static size_t last_words_size;
static volatile sig_atomic_t last_status, silent;

static void on_alarm(int signal_number) {
    (void)signal_number;
    if (silent)
        _exit(last_status);

    silent = 1;
    /* May block. */
    ssize_t written = write(STDERR_FILENO, last_words, last_words_size);
    (void)written; /* nobody is left to hear of it */
    _exit(last_status);
}

bool deadline_set(int64_t timeout_ms,
                  const char *why,
                  int status,
                  struct error *error) {
    int length =
        snprintf(last_words, sizeof last_words, "hostel: trap: %s\n", why);
    last_words_size = length < (int)sizeof last_words ? (size_t)length
                                                      : sizeof last_words - 1;
    last_status = status;

    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_NODEFER};
    sigemptyset(&action.sa_mask);
    bool installed = sigaction(SIGALRM, &action, NULL) == 0;

    /* A signal that our parent had blocked would never come. */
    sigset_t alarm_signal;
    sigemptyset(&alarm_signal);
    sigaddset(&alarm_signal, SIGALRM);
    installed = installed && sigprocmask(SIG_UNBLOCK, &alarm_signal, NULL) == 0;

    /* The timer may refuse what is many years away: that is as good as
     * never. */
    int64_t end_ms =
        timeout_ms < INT64_MAX - GRACE_MS ? timeout_ms + GRACE_MS : INT64_MAX;
    struct itimerval timer = {.it_interval.tv_usec = LAST_WORDS_MS * 1000,
                              .it_value.tv_sec = (time_t)(end_ms / 1000),
                              .it_value.tv_usec =
                                  (suseconds_t)(end_ms % 1000 * 1000)};
    installed = installed &&
                (setitimer(ITIMER_REAL, &timer, NULL) == 0 || errno == EINVAL);
    return installed ||
           error_set(
               error, ERROR_IO, "cannot set a timer: %s", strerror(errno));
}

void deadline_ended(int status) {
    last_status = status;
    silent = 1;
}
