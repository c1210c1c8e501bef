// SPDX-License-Identifier: GPL-2.0-or-later
// Ways in which a guest could name a file of the host that lies outside of what it was given, for
// escapes.c.
#pragma once
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char* outside;  // the host folder, as the host names it
static char path[4 * PATH_MAX];
static int held = -1;

static const char* put(const char* format, const char* a, const char* b) {
    snprintf(path, sizeof path, format, a, b);
    return path;
}

// A link to `target` named `name`, held by O_PATH; the name of that descriptor.
static const char* held_link(const char* target, const char* name, int flags) {
    unlink(name);
    if (symlink(target, name) != 0) return NULL;
    held = open(name, O_PATH | flags);
    snprintf(path, sizeof path, "/proc/self/fd/%d", held);
    return path;
}

static char target[2 * PATH_MAX];
static const char* secret(void) {
    snprintf(target, sizeof target, "%s/secret", outside);
    return target;
}
static const char* far_above(void) {
    snprintf(target, sizeof target, "../../../../../../../../../../../../..%s/secret", outside);
    return target;
}

// ---- ways to name it ----
static const char* name_absolute(void) {
    return secret();
}
static const char* name_dots(void) {
    return put("/rw%s%s", "/../../../../../../../../../..", secret());
}
static const char* name_dots_of_scratch(void) {
    return put("/tmp%s%s", "/../../../../../../../../../..", secret());
}
static const char* name_link(void) {
    unlink("/rw/absolute");
    symlink(secret(), "/rw/absolute");
    return "/rw/absolute";
}
static const char* name_relative_link(void) {
    unlink("/rw/relative");
    symlink("../outside/secret", "/rw/relative");
    return "/rw/relative";
}
static const char* name_far_link(void) {
    unlink("/rw/far");
    symlink(far_above(), "/rw/far");
    return "/rw/far";
}
static const char* name_scratch_link(void) {
    unlink("/tmp/link");
    symlink(secret(), "/tmp/link");
    return "/tmp/link";
}
static const char* name_scratch_far_link(void) {
    unlink("/tmp/far");
    symlink(far_above(), "/tmp/far");
    return "/tmp/far";
}
static const char* name_folder_link(void) {
    unlink("/rw/folder");
    symlink(outside, "/rw/folder");
    return "/rw/folder/secret";
}
static const char* name_folder_relative(void) {
    unlink("/rw/folder-relative");
    symlink("../outside", "/rw/folder-relative");
    return "/rw/folder-relative/secret";
}
static const char* name_chain(void) {
    unlink("/rw/chain");
    symlink("/tmp/chain", "/rw/chain");
    unlink("/tmp/chain");
    symlink(far_above(), "/tmp/chain");
    return "/rw/chain";
}
static const char* name_hosts_link(void) {
    return "/rw/hosts-link";
}
static const char* name_hosts_relative(void) {
    return "/rw/hosts-relative";
}
static const char* name_hosts_folder(void) {
    return "/rw/hosts-folder/secret";
}
static const char* name_roots_link(void) {
    return "/roots-link";
}
static const char* name_roots_relative(void) {
    return "/roots-relative";
}
static const char* name_roots_folder(void) {
    return "/roots-folder/secret";
}
static const char* name_read_only_link(void) {
    return "/ro/hosts-link";
}
static const char* name_held_link(void) {
    return held_link(secret(), "/rw/held", O_NOFOLLOW);
}
static const char* name_held_relative(void) {
    return held_link("../outside/secret", "/rw/held-relative", O_NOFOLLOW);
}
static const char* name_held_scratch(void) {
    return held_link(secret(), "/tmp/held", O_NOFOLLOW);
}
static const char* name_held_root(void) {
    held = open("/roots-link", O_PATH | O_NOFOLLOW);
    snprintf(path, sizeof path, "/proc/self/fd/%d", held);
    return path;
}
static const char* name_held_folder(void) {
    if (held_link(outside, "/rw/held-folder", O_NOFOLLOW) == NULL) return NULL;
    strcat(path, "/secret");
    return path;
}
static const char* name_thread_fd(void) {
    if (held_link(secret(), "/rw/held-thread", O_NOFOLLOW) == NULL) return NULL;
    snprintf(path, sizeof path, "/proc/thread-self/fd/%d", held);
    return path;
}
static const char* name_pid_fd(void) {
    if (held_link(secret(), "/rw/held-pid", O_NOFOLLOW) == NULL) return NULL;
    snprintf(path, sizeof path, "/proc/%d/fd/%d", getpid(), held);
    return path;
}
static const char* name_dev_fd(void) {
    if (held_link(secret(), "/rw/held-dev", O_NOFOLLOW) == NULL) return NULL;
    snprintf(path, sizeof path, "/dev/fd/%d", held);
    return path;
}
static const char* deleted(const char* name, int flags) {
    char late[PATH_MAX];
    unlink(name);
    close(open(name, O_CREAT | O_RDWR, 0644));
    held = open(name, flags);
    unlink(name);
    snprintf(late, sizeof late, "%s (deleted)", name);
    unlink(late);
    symlink(secret(), late);
    symlink(secret(), name);
    snprintf(path, sizeof path, "/proc/self/fd/%d", held);
    return path;
}
static const char* name_deleted(void) {
    return deleted("/rw/v", O_RDONLY);
}
static const char* name_deleted_path(void) {
    return deleted("/rw/w", O_PATH);
}
static const char* name_deleted_scratch(void) {
    return deleted("/tmp/v", O_RDONLY);
}
static const char* name_deleted_itself(void) {
    deleted("/rw/u", O_RDONLY);
    return "/rw/u (deleted)";
}
static const char* deleted_folder(const char* name) {
    char late[PATH_MAX];
    mkdir(name, 0755);
    held = open(name, O_RDONLY | O_DIRECTORY);
    rmdir(name);
    snprintf(late, sizeof late, "%s (deleted)", name);
    unlink(late);
    symlink(outside, late);
    snprintf(path, sizeof path, "/proc/self/fd/%d/secret", held);
    return path;
}
static const char* name_deleted_folder(void) {
    return deleted_folder("/rw/gone");
}
static const char* name_deleted_scratch_folder(void) {
    return deleted_folder("/tmp/gone");
}
// A folder that is moved while it is open: what lies above it then is not the way out.
static const char* name_moved_folder(void) {
    mkdir("/rw/a", 0755);
    mkdir("/rw/a/b", 0755);
    held = open("/rw/a/b", O_RDONLY | O_DIRECTORY);
    rename("/rw/a/b", "/rw/moved");
    snprintf(path, sizeof path, "/proc/self/fd/%d/../../outside/secret", held);
    return path;
}
static const char* name_replaced(void) {
    unlink("/rw/replaced");
    close(open("/rw/replaced", O_CREAT | O_RDWR, 0644));
    held = open("/rw/replaced", O_RDWR);
    unlink("/rw/new-link");
    symlink(secret(), "/rw/new-link");
    rename("/rw/new-link", "/rw/replaced");
    snprintf(path, sizeof path, "/proc/self/fd/%d", held);
    return path;
}
static const char* name_root(void) {
    return put("/proc/self/root/..%s%s", secret(), "");
}
static const char* name_cwd(void) {
    return put("/proc/self/cwd/../../../../../../..%s%s", secret(), "");
}
static const char* name_init_root(void) {
    return put("/proc/1/root%s%s", secret(), "");
}
static const char* name_exe(void) {
    return put("/proc/self/exe/../../../../../..%s%s", secret(), "");
}
static const char* name_file_as_folder(void) {
    return put("/rw/file/../../..%s%s", secret(), "");
}
static const char* name_mount_top(void) {
    return "/rw/../../outside/secret";
}

typedef const char* (*Name)(void);
static const struct {
    const char* what;
    Name name;
} names[] = {
    {"absolute", name_absolute},
    {"dots", name_dots},
    {"dots-of-scratch", name_dots_of_scratch},
    {"link", name_link},
    {"relative-link", name_relative_link},
    {"far-link", name_far_link},
    {"scratch-link", name_scratch_link},
    {"scratch-far-link", name_scratch_far_link},
    {"folder-link", name_folder_link},
    {"folder-relative", name_folder_relative},
    {"chain", name_chain},
    {"hosts-link", name_hosts_link},
    {"hosts-relative", name_hosts_relative},
    {"hosts-folder", name_hosts_folder},
    {"roots-link", name_roots_link},
    {"roots-relative", name_roots_relative},
    {"roots-folder", name_roots_folder},
    {"read-only-link", name_read_only_link},
    {"held-link", name_held_link},
    {"held-relative", name_held_relative},
    {"held-scratch", name_held_scratch},
    {"held-root", name_held_root},
    {"held-folder", name_held_folder},
    {"thread-fd", name_thread_fd},
    {"pid-fd", name_pid_fd},
    {"dev-fd", name_dev_fd},
    {"deleted", name_deleted},
    {"deleted-path", name_deleted_path},
    {"deleted-scratch", name_deleted_scratch},
    {"deleted-itself", name_deleted_itself},
    {"deleted-folder", name_deleted_folder},
    {"deleted-scratch-folder", name_deleted_scratch_folder},
    {"moved-folder", name_moved_folder},
    {"replaced", name_replaced},
    {"root", name_root},
    {"cwd", name_cwd},
    {"init-root", name_init_root},
    {"exe", name_exe},
    {"file-as-folder", name_file_as_folder},
    {"mount-top", name_mount_top},
};
