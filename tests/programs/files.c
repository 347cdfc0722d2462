/* SPDX-License-Identifier: MIT
 * What C programs do: arguments, variables, files, directories, sorting, floating point, exit codes.
 */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list(const char *path)
{
    char *names[32];
    int count = 0;
    DIR *d = opendir(path);

    for (struct dirent *e; d != NULL && count < 32 && (e = readdir(d)) != NULL;)
        if (e->d_name[0] != '.')
            names[count++] = strdup(e->d_name);
    closedir(d);
    qsort(names, (size_t)count, sizeof *names, compare);
    for (int i = 0; i < count; i++)
        printf("%s%c", names[i], i + 1 < count ? ' ' : '\n');
}

int main(int argc, char **argv)
{
    char text[64] = "";
    struct stat st;
    FILE *f = fopen("/data/made.txt", "w+");

    printf("%d %s %s\n", argc, argv[1], getenv("NAME"));
    if (f == NULL)
        return 1;
    fprintf(f, "%.3f %d", sqrt(2), 42);
    rewind(f);
    fgets(text, sizeof text, f);
    fclose(f);
    puts(text);
    mkdir("/data/sub", 0777);
    rename("/data/made.txt", "/data/sub/moved.txt");
    if (stat("/data/sub/moved.txt", &st) != 0 || st.st_size != 8)
        return 2;
    symlink("sub/moved.txt", "/data/link");
    if (access("/data/link", R_OK) != 0)
        return 3;
    list("/data");
    unlink("/data/link");
    unlink("/data/sub/moved.txt");
    rmdir("/data/sub");
    printf("%s\n", fopen("/etc/passwd", "r") == NULL ? "no /etc" : "oh no");
    printf("%s\n", fopen("/data/../../etc/passwd", "r") == NULL ? "no way out" : "oh no");
    return time(NULL) > 1700000000 ? 9 : 4;
}
