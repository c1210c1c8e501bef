// SPDX-License-Identifier: GPL-2.0-or-later
// Landlock: which names may be moved and linked.
#include <stdio.h>
#include <sys/stat.h>

#include "behaviour.h"
#include "landlock_steps.h"

NATIVE(a_rename_in_a_directory_makes_and_removes, LACKS) {
    make_tree();
    make_file("in/d", "d");
    restrict_files(MAKE_REG | REMOVE_FILE, "in", MAKE_REG | REMOVE_FILE);
    SHOW(rename("in/a", "in/moved"));
    SHOW(rename("in/moved", "in/d"));
    SHOW(rename("out/c", "out/moved"));
    SHOW(rename("out/c", "out/c"));
    SHOW(rename("out/absent", "out/x"));
    SHOW(rename("out/c", "in/c"));
}

static void rename_with(uint64_t right) {
    restrict_files(MAKE_REG | REMOVE_FILE | MAKE_DIR | REMOVE_DIR, "in", right);
    SHOW(rename("in/a", "in/moved"));
    SHOW(rename("in/sub", "in/other"));
    SHOW(link("in/a", "in/link"));
}
static void rename_that_makes(void) {
    rename_with(MAKE_REG | MAKE_DIR);
}
static void rename_that_removes(void) {
    rename_with(REMOVE_FILE | REMOVE_DIR);
}
static void rename_directories(void) {
    rename_with(REMOVE_DIR | MAKE_DIR);
}
NATIVE(a_rename_needs_the_rights_of_its_kind, LACKS) {
    make_tree();
    IN_CHILD(rename_that_makes);
    IN_CHILD(rename_that_removes);
    IN_CHILD(rename_directories);
}

NATIVE(a_rename_over_a_name_removes_it, LACKS) {
    make_tree();
    make_file("in/d", "d");
    NEED(mkdir("in/dir", 0755));
    NEED(mkdir("in/empty", 0755));
    restrict_files(REMOVE_FILE | REMOVE_DIR, "in", REMOVE_DIR);
    SHOW(rename("in/a", "in/d"));
    SHOW(rename("in/a", "in/e"));
    SHOW(rename("in/dir", "in/empty"));
    SHOW(rename("in/a", "in/empty"));
}

static int exchange(const char* a, const char* b) {
    return (int)syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2);
}
NATIVE(an_exchange_needs_the_rights_of_both_kinds, LACKS) {
    make_tree();
    make_file("in/d", "d");
    restrict_files(MAKE_REG | REMOVE_FILE | MAKE_DIR | REMOVE_DIR, "in", MAKE_REG | REMOVE_FILE);
    SHOW(exchange("in/a", "in/d"));
    SHOW(exchange("in/a", "in/sub"));
    SHOW(exchange("in/a", "in/absent"));
    SHOW(exchange("in/absent", "in/a"));
}

NATIVE(no_name_moves_to_another_directory_without_that_right, LACKS) {
    make_tree();
    restrict_files(MAKE_SOCK, "/", MAKE_SOCK);
    SHOW(rename("in/a", "out/a"));
    SHOW(link("in/a", "out/a"));
    SHOW(rename("in/sub", "out/sub"));
    SHOW(exchange("in/a", "out/c"));
    SHOW(rename("in/a", "in/moved"));
    SHOW(link("in/moved", "in/link"));
    SHOW(rename("in/absent", "out/a"));
    SHOW(rename("in/moved", "out/absent/a"));
}

NATIVE(a_name_moves_with_the_right_at_both_ends, LACKS) {
    make_tree();
    const int ruleset = ruleset_of(REFER, 0, 0);
    allow(ruleset, "in", REFER);
    allow(ruleset, "out", REFER);
    enter_domain(ruleset);
    SHOW(rename("in/a", "out/a"));
    SHOW(link("out/a", "in/link"));
    SHOW(exchange("in/sub", "out/c"));
    SHOW(rename("in/link", "link"));
    SHOW(link("out/a", "link"));
}

NATIVE(a_name_moves_within_the_rules_directory, LACKS) {
    make_tree();
    restrict_files(REFER, "in", REFER);
    SHOW(rename("in/a", "in/sub/a"));
    SHOW(link("in/sub/b", "in/link"));
    SHOW(rename("in/link", "out/link"));
    SHOW(rename("out/c", "in/c"));
}

NATIVE(a_move_gains_no_right, LACKS) {
    make_tree();
    const int ruleset = ruleset_of(REFER | READ_FILE | WRITE_FILE, 0, 0);
    allow(ruleset, "in", REFER | READ_FILE);
    allow(ruleset, "out", REFER | READ_FILE | WRITE_FILE);
    enter_domain(ruleset);
    SHOW(rename("in/a", "out/a"));
    SHOW(link("in/a", "out/a"));
    SHOW(rename("in/sub", "out/sub"));
    SHOW(rename("out/c", "in/c"));
    SHOW(exchange("in/a", "in/c"));
    SHOW(may_open("in/c", O_WRONLY));
}

NATIVE(a_move_may_bring_a_file_with_its_own_rights, LACKS) {
    make_tree();
    const int ruleset = ruleset_of(REFER | READ_FILE | WRITE_FILE, 0, 0);
    allow(ruleset, "in", REFER | READ_FILE);
    allow(ruleset, "in/a", WRITE_FILE);
    allow(ruleset, "out", REFER | READ_FILE | WRITE_FILE);
    enter_domain(ruleset);
    SHOW(rename("in/a", "out/a"));
    SHOW(rename("out/a", "in/a"));
    SHOW(may_open("in/a", O_WRONLY));
    SHOW(rename("in/sub/b", "out/b"));
}

NATIVE(rights_of_directories_do_not_hinder_a_files_move, LACKS) {
    make_tree();
    const int ruleset = ruleset_of(REFER | READ_DIR | MAKE_FIFO, 0, 0);
    allow(ruleset, "in", REFER);
    allow(ruleset, "out", REFER | READ_DIR | MAKE_FIFO);
    enter_domain(ruleset);
    SHOW(rename("in/a", "out/a"));
    SHOW(rename("in/sub", "out/sub"));
    SHOW(exchange("out/c", "in/sub"));
}

NATIVE(a_missing_right_to_make_is_told_before_that_to_move, LACKS) {
    make_tree();
    const int ruleset = ruleset_of(REFER | MAKE_REG | REMOVE_FILE, 0, 0);
    allow(ruleset, "in", REFER | REMOVE_FILE);
    allow(ruleset, "out", REFER);
    enter_domain(ruleset);
    SHOW(rename("in/a", "out/a"));
    SHOW(link("in/a", "out/a"));
    SHOW(rename("out/c", "in/c"));
    SHOW(rename("in/a", "a"));
    SHOW(rename("in/sub", "out/sub"));
}

NATIVE(layers_must_all_allow_a_move, LACKS) {
    make_tree();
    int ruleset = ruleset_of(REFER, 0, 0);
    allow(ruleset, ".", REFER);
    enter_domain(ruleset);
    SHOW(rename("in/a", "out/a"));
    restrict_files(READ_FILE, ".", READ_FILE);
    SHOW(rename("out/a", "in/a"));
    SHOW(rename("out/a", "out/b"));
}

NATIVE(a_layer_of_scopes_hinders_no_move, LACKS) {
    make_tree();
    restrict_scope(SCOPE_SIGNAL);
    SHOW(rename("in/a", "out/a"));
    SHOW(link("out/a", "in/a"));
}

NATIVE(a_layer_of_scopes_below_one_of_files_hinders_moves, LACKS) {
    make_tree();
    restrict_files(REFER, ".", REFER);
    restrict_scope(SCOPE_SIGNAL);
    SHOW(rename("in/a", "out/a"));
    SHOW(rename("in/a", "in/b"));
}
