/* flags: -g -O0 */
/* What a recording has to hold: for each line of standard input, something else
 * that the host answers. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int twice(int n) {
    int sum = n + n;
    return sum;
}

static void show_file(const char *name) {
    char text[200];
    FILE *file = fopen(name, "r");
    size_t size = file ? fread(text, 1, sizeof text, file) : 0;
    printf("%s: %.*s\n", name, (int)size, text);
    if (file)
        fclose(file);
}

static void show_random(void) {
    unsigned char bytes[8];
    getentropy(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        printf("%02x", bytes[i]);
    putchar('\n');
}

static void show_time(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    printf("%lld.%09ld\n", (long long)now.tv_sec, now.tv_nsec);
}

/* Calls that answer the same each time. */
static void repeat(void) {
    int sum = 0;
    for (int i = 0; i < 5000; i++)
        sum += sched_yield() + twice(i);
    printf("%d\n", sum);
}

static void obey(const char *word) {
    volatile int zero = 0;
    if (strcmp(word, "time") == 0)
        show_time();
    else if (strcmp(word, "random") == 0)
        show_random();
    else if (strcmp(word, "repeat") == 0)
        repeat();
    else if (strcmp(word, "env") == 0)
        printf("%s\n", getenv("SECRET") ? getenv("SECRET") : "none");
    else if (strcmp(word, "error") == 0)
        fprintf(stderr, "to standard error");
    else if (strcmp(word, "stdout") == 0)
        fclose(stdout);
    else if (strcmp(word, "trap") == 0)
        printf("%d\n", 1 / zero);
    else if (strcmp(word, "loop") == 0)
        for (;;)
            zero++;
    else
        show_file(word);
}

int main(int argc, char **argv) {
    char word[100];
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++)
        printf("%s %d\n", argv[i], twice(i));
    while (fgets(word, sizeof word, stdin)) {
        word[strcspn(word, "\n")] = '\0';
        obey(word);
    }
    return argc;
}
