/* SPDX-License-Identifier: MIT
 * How long processes take from spawn to exit: bench_start ROUNDS COMMAND… runs each command (words separated by blanks)
 * in turn, ROUNDS times, and prints minimum and median in microseconds, and the median above that of the first.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define MAX_COMMANDS 16
#define MAX_WORDS    32

extern char **environ;

static double run(char **words, const posix_spawn_file_actions_t *quiet)
{
    struct timespec from, to;
    int status;
    pid_t pid;

    clock_gettime(CLOCK_MONOTONIC, &from);
    if (posix_spawnp(&pid, words[0], quiet, NULL, words, environ) != 0 || waitpid(pid, &status, 0) != pid) {
        fprintf(stderr, "bench_start: %s does not run\n", words[0]);
        exit(1);
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    return (double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_nsec - from.tv_nsec) / 1e3;
}

static int compare(const void *a, const void *b)
{
    return *(const double *)a < *(const double *)b ? -1 : *(const double *)a > *(const double *)b;
}

int main(int argc, char **argv)
{
    char *words[MAX_COMMANDS][MAX_WORDS] = { { NULL } };
    int rounds = argc > 2 ? atoi(argv[1]) : 0, commands = argc - 2;
    posix_spawn_file_actions_t quiet;
    double base = 0;

    if (rounds < 1 || commands > MAX_COMMANDS) {
        fputs("usage: bench_start ROUNDS COMMAND…\n", stderr);
        return 2;
    }
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    double *times = calloc((size_t)commands * (size_t)rounds, sizeof *times);
    for (int c = 0; c < commands; c++) {
        char *text = strdup(argv[2 + c]);
        for (int i = 0; i + 1 < MAX_WORDS; i++)
            words[c][i] = strsep(&text, " ");
    }
    for (int r = 0; r < rounds; r++)
        for (int c = 0; c < commands; c++)
            times[c * rounds + r] = run(words[c], &quiet);
    for (int c = 0; c < commands; c++) {
        double *mine = times + c * rounds;
        qsort(mine, (size_t)rounds, sizeof *mine, compare);
        if (c == 0)
            base = mine[rounds / 2];
        printf("%9.0f %9.0f %+9.0f  %.80s\n", mine[0], mine[rounds / 2], mine[rounds / 2] - base, argv[2 + c]);
    }
    free(times);
    return 0;
}
