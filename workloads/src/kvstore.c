// SPDX-License-Identifier: GPL-2.0-or-later
// Exercises what redis exercises, client and server in one process over two byte queues: parsing a request protocol,
// dispatch through a command table, a hash table that moves to a larger one a bucket at a time, many small allocations.
// usage: kvstore [REQUESTS] (default 20000); prints what the client counted, so every run prints the same.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT __attribute__((noinline, noclone, used))

struct queue {
    char bytes[8192];
    size_t size, read;
};

struct text {
    const char* bytes;
    size_t size;
};

struct entry {
    struct entry* next;
    char *key, *value;
    size_t key_size, value_size;
};

struct table {
    struct entry** buckets;
    size_t count, used;
};

struct store {
    struct table now, next;  // next.count != 0: buckets below `moved` already live in next
    size_t moved, rehashes;
};

static void die(const char* why) {
    fprintf(stderr, "kvstore: %s\n", why);
    exit(1);
}

static void* take(size_t size) {
    void* memory = calloc(1, size);
    if (!memory) die("out of memory");
    return memory;
}

KEPT uint64_t hash_bytes(const char* bytes, size_t size) {
    uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
    for (size_t i = 0; i < size; ++i) hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
    return hash ^ (hash >> 32);
}

static struct entry** bucket_of(struct table* table, uint64_t hash) {
    return &table->buckets[hash & (table->count - 1)];
}

KEPT void rehash_step(struct store* store) {
    if (!store->next.count) return;
    struct entry* entry = store->now.buckets[store->moved];
    while (entry) {
        struct entry* next = entry->next;
        struct entry** to = bucket_of(&store->next, hash_bytes(entry->key, entry->key_size));
        entry->next = *to;
        *to = entry;
        --store->now.used;
        ++store->next.used;
        entry = next;
    }
    store->now.buckets[store->moved++] = NULL;
    if (store->moved < store->now.count) return;
    free(store->now.buckets);
    store->now = store->next;
    store->next = (struct table){0};
    store->moved = 0;
    ++store->rehashes;
}

KEPT struct entry** lookup(struct store* store, struct text key, struct table** table) {
    const uint64_t hash = hash_bytes(key.bytes, key.size);
    struct table* tables[] = {&store->now, &store->next};
    for (int i = 0; i < 2; ++i) {
        if (!tables[i]->count) continue;
        for (struct entry** at = bucket_of(tables[i], hash); *at; at = &(*at)->next) {
            if ((*at)->key_size != key.size || memcmp((*at)->key, key.bytes, key.size) != 0) continue;
            if (table) *table = tables[i];
            return at;
        }
    }
    return NULL;
}

static char* copy_of(struct text text) {
    char* copy = take(text.size + 1);
    memcpy(copy, text.bytes, text.size);
    return copy;
}

KEPT void insert(struct store* store, struct text key, struct text value) {
    if (!store->next.count && store->now.used >= store->now.count) {
        store->next.count = store->now.count * 2;
        store->next.buckets = take(store->next.count * sizeof(struct entry*));
    }
    struct table* table = store->next.count ? &store->next : &store->now;
    struct entry* entry = take(sizeof *entry);
    *entry = (struct entry){NULL, copy_of(key), copy_of(value), key.size, value.size};
    struct entry** bucket = bucket_of(table, hash_bytes(key.bytes, key.size));
    entry->next = *bucket;
    *bucket = entry;
    ++table->used;
}

KEPT void queue_write(struct queue* queue, const char* bytes, size_t size) {
    if (queue->size + size > sizeof queue->bytes) die("a queue is full");
    memcpy(queue->bytes + queue->size, bytes, size);
    queue->size += size;
}

static void queue_text(struct queue* queue, char kind, struct text text) {
    char head[32];
    queue_write(queue, head, (size_t)snprintf(head, sizeof head, "%c%zu\r\n", kind, text.size));
    queue_write(queue, text.bytes, text.size);
    queue_write(queue, "\r\n", 2);
}

static void queue_number(struct queue* queue, char kind, long number) {
    char head[32];
    queue_write(queue, head, (size_t)snprintf(head, sizeof head, "%c%ld\r\n", kind, number));
}

KEPT long read_number(struct queue* queue, char kind) {
    if (queue->read >= queue->size || queue->bytes[queue->read] != kind) die("protocol error");
    char* end;
    const long number = strtol(queue->bytes + queue->read + 1, &end, 10);
    queue->read = (size_t)(end - queue->bytes) + 2;
    return number;
}

KEPT struct text read_text(struct queue* queue) {
    const long size = read_number(queue, '$');
    const struct text text = {queue->bytes + queue->read, size < 0 ? 0 : (size_t)size};
    if (size >= 0) queue->read += text.size + 2;
    return size < 0 ? (struct text){NULL, 0} : text;
}

KEPT void do_set(struct store* store, const struct text* words, struct queue* reply) {
    struct entry** found = lookup(store, words[1], NULL);
    if (found) {
        free((*found)->value);
        (*found)->value = copy_of(words[2]);
        (*found)->value_size = words[2].size;
    } else {
        insert(store, words[1], words[2]);
    }
    queue_number(reply, ':', found ? 0 : 1);
}

KEPT void do_get(struct store* store, const struct text* words, struct queue* reply) {
    struct entry** found = lookup(store, words[1], NULL);
    if (found) {
        queue_text(reply, '$', (struct text){(*found)->value, (*found)->value_size});
    } else {
        queue_number(reply, '$', -1);
    }
}

KEPT void do_del(struct store* store, const struct text* words, struct queue* reply) {
    struct table* table;
    struct entry** found = lookup(store, words[1], &table);
    if (found) {
        struct entry* entry = *found;
        *found = entry->next;
        --table->used;
        free(entry->key);
        free(entry->value);
        free(entry);
    }
    queue_number(reply, ':', found ? 1 : 0);
}

KEPT void do_incr(struct store* store, const struct text* words, struct queue* reply) {
    struct entry** found = lookup(store, words[1], NULL);
    char number[24];
    const long value = (found ? strtol((*found)->value, NULL, 10) : 0) + 1;
    const struct text text = {number, (size_t)snprintf(number, sizeof number, "%ld", value)};
    if (found) {
        free((*found)->value);
        (*found)->value = copy_of(text);
        (*found)->value_size = text.size;
    } else {
        insert(store, words[1], text);
    }
    queue_number(reply, ':', value);
}

typedef void (*Command)(struct store*, const struct text*, struct queue*);
static const struct {
    const char* name;
    long words;
    Command command;
} commands[] = {{"SET", 3, do_set}, {"GET", 2, do_get}, {"DEL", 2, do_del}, {"INCR", 2, do_incr}};

KEPT void serve(struct store* store, struct queue* request, struct queue* reply) {
    while (request->read < request->size) {
        rehash_step(store);
        struct text words[4] = {{0}};
        const long count = read_number(request, '*');
        if (count < 1 || count > 4) die("protocol error");
        for (long i = 0; i < count; ++i) words[i] = read_text(request);
        for (size_t i = 0; i < sizeof commands / sizeof commands[0]; ++i) {
            if (words[0].size == strlen(commands[i].name) &&
                memcmp(words[0].bytes, commands[i].name, words[0].size) == 0 && count == commands[i].words) {
                commands[i].command(store, words, reply);
            }
        }
    }
    request->read = request->size = 0;
}

KEPT void ask(struct queue* request, const char* name, const char* key, const char* value) {
    queue_number(request, '*', value ? 3 : 2);
    queue_text(request, '$', (struct text){name, strlen(name)});
    queue_text(request, '$', (struct text){key, strlen(key)});
    if (value) queue_text(request, '$', (struct text){value, strlen(value)});
}

int main(int argc, char** argv) {
    const long requests = argc > 1 ? atol(argv[1]) : 20000;
    static struct queue request, reply;
    struct store store = {0};
    store.now.count = 4;
    store.now.buckets = take(store.now.count * sizeof(struct entry*));
    unsigned long added = 0, found = 0, missed = 0, bytes = 0, deleted = 0, counted = 0;
    uint64_t random = 88172645463325252u;
    for (long i = 0; i < requests; ++i) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        char key[32], value[64];
        const unsigned kind = (unsigned)(random >> 60);
        snprintf(key, sizeof key, "%s:%u", kind == 15 ? "counter" : "key",
                 (unsigned)(random >> 20) % (kind == 15 ? 16 : 4096));
        snprintf(value, sizeof value, "value-%ld-%.*s", i, (int)(random % 30), "abcdefghijklmnopqrstuvwxyz0123");
        const char* name = kind < 6 ? "SET" : kind < 13 ? "GET" : kind < 15 ? "DEL" : "INCR";
        ask(&request, name, key, kind < 6 ? value : NULL);
        serve(&store, &request, &reply);
        if (kind >= 6 && kind < 13) {
            const struct text text = read_text(&reply);
            bytes += text.size;
            text.bytes ? ++found : ++missed;
        } else {
            const long number = read_number(&reply, ':');
            *(kind < 6 ? &added : kind < 15 ? &deleted : &counted) += (unsigned long)number;
        }
        reply.read = reply.size = 0;
    }
    printf("requests %ld added %lu found %lu missed %lu bytes %lu deleted %lu counted %lu\n", requests, added, found,
           missed, bytes, deleted, counted);
    printf("keys %zu rehashes %zu\n", store.now.used + store.next.used, store.rehashes);
    return 0;
}
