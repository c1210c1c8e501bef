// SPDX-License-Identifier: GPL-2.0-or-later
// Exercises what grep exercises: large reads, a memchr-like line search, and small functions that push fp and lr,
// called once per line or per match, which is where probes are put. usage: scanner [-c|-n] WORD FILE; exit status as
// grep's.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEPT __attribute__((noinline, noclone, used))

struct scan {
    const char* word;
    size_t length;
    unsigned shift[256];  // Horspool's: how far the word may move when this byte stands under its end
    int count_only, number;
    unsigned long lines, matches;
};

KEPT void compile_word(struct scan* scan, const char* word) {
    scan->word = word;
    scan->length = strlen(word);
    for (int i = 0; i < 256; ++i) scan->shift[i] = (unsigned)scan->length;
    for (size_t i = 0; i + 1 < scan->length; ++i)
        scan->shift[(unsigned char)word[i]] = (unsigned)(scan->length - 1 - i);
}

KEPT int find_word(const struct scan* scan, const char* text, size_t size) {
    if (scan->length == 0) return 1;
    for (size_t at = 0; at + scan->length <= size;) {
        const unsigned char last = (unsigned char)text[at + scan->length - 1];
        if (last == (unsigned char)scan->word[scan->length - 1] && memcmp(text + at, scan->word, scan->length) == 0)
            return 1;
        at += scan->shift[last];
    }
    return 0;
}

KEPT void print_line(const struct scan* scan, const char* text, size_t size) {
    if (scan->number) printf("%lu:", scan->lines);
    fwrite(text, 1, size, stdout);
    putchar('\n');
}

KEPT void scan_line(struct scan* scan, const char* text, size_t size) {
    ++scan->lines;
    if (!find_word(scan, text, size)) return;
    ++scan->matches;
    if (!scan->count_only) print_line(scan, text, size);
}

// Reads the file in large pieces; the unfinished last line of a piece moves to the front of the next.
KEPT int scan_file(struct scan* scan, int fd) {
    size_t room = 96 * 1024, kept = 0;
    char* buffer = malloc(room);
    for (;;) {
        if (kept == room) buffer = realloc(buffer, room *= 2);
        if (!buffer) return -1;
        const ssize_t got = read(fd, buffer + kept, room - kept);
        if (got < 0) return -1;
        if (got == 0) break;
        const char *at = buffer, *end = buffer + kept + got, *newline;
        while ((newline = memchr(at, '\n', (size_t)(end - at)))) {
            scan_line(scan, at, (size_t)(newline - at));
            at = newline + 1;
        }
        kept = (size_t)(end - at);
        memmove(buffer, at, kept);
    }
    if (kept) scan_line(scan, buffer, kept);
    free(buffer);
    return 0;
}

int main(int argc, char** argv) {
    struct scan scan = {0};
    int at = 1;
    for (; at < argc && argv[at][0] == '-' && argv[at][1]; ++at) {
        if (strcmp(argv[at], "-c") == 0) scan.count_only = 1;
        if (strcmp(argv[at], "-n") == 0) scan.number = 1;
    }
    if (argc - at != 2) {
        fputs("usage: scanner [-c|-n] WORD FILE\n", stderr);
        return 2;
    }
    compile_word(&scan, argv[at]);
    const int fd = strcmp(argv[at + 1], "-") == 0 ? 0 : open(argv[at + 1], O_RDONLY);
    if (fd < 0 || scan_file(&scan, fd) != 0) {
        perror(argv[at + 1]);
        return 2;
    }
    if (scan.count_only) printf("%lu\n", scan.matches);
    return scan.matches ? 0 : 1;
}
