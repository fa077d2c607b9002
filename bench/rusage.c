/* Runs a command some times and writes what it used: `rusage FILE COUNT
 * COMMAND...`.
 *
 *     CPU seconds, user and system | peak memory in KiB | exit status | seconds on the wall
 *
 * The seconds are those of one run on average.
 *
 * A process begins with the peak memory of the one that started it, and pays
 * for the copy of its page tables: so this small program starts what is
 * measured, not the script that runs it. The first run speaks on standard
 * output, the others are mute. A status that is not 0 ends it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int run(char **command, int mute) {
    pid_t child = fork();
    if (child == 0) {
        int null = mute ? open("/dev/null", O_WRONLY) : -1;
        if (null >= 0)
            dup2(null, STDOUT_FILENO);
        execvp(command[0], command);
        perror(command[0]);
        _exit(127);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) < 0)
        return 127;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static double wall_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double seconds(struct timeval time) {
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv) {
    int count = argc > 3 ? atoi(argv[2]) : 0, status = 0;
    if (count <= 0)
        return 2;
    double begin = wall_seconds();
    for (int i = 0; i < count && status == 0; i++)
        status = run(argv + 3, i > 0);
    double wall = (wall_seconds() - begin) / count;
    struct rusage used;
    FILE *out = fopen(argv[1], "w");
    if (!out || getrusage(RUSAGE_CHILDREN, &used) != 0)
        return 1;
    double cpu = (seconds(used.ru_utime) + seconds(used.ru_stime)) / count;
    fprintf(out, "%.6f %ld %d %.6f\n", cpu, used.ru_maxrss, status, wall);
    return fclose(out) != 0;
}
