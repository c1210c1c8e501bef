// SPDX-License-Identifier: GPL-2.0-or-later
// fanotify: groups that are told handles and names instead of descriptors.
#include "fanotify_steps.h"

static void make_things(void) {
    NEED(mkdir("folder", 0755));
    NEED(mkdir("other", 0755));
    NEED(mkdir("folder/inner", 0755));
    make_file("folder/file", "text");
    know("folder");
    know("other");
    know("folder/inner");
    know("folder/file");
}
static void change_names(void) {
    make_file("folder/new", "text");
    know("folder/new");
    NEED(mkdir("folder/made", 0755));
    know("folder/made");
    show_events();
    NEED(rename("folder/new", "folder/newer"));
    show_events();
    NEED(rename("folder/newer", "other/newest"));
    show_events();
    NEED(unlink("other/newest"));
    NEED(rmdir("folder/made"));
    show_events();
}
#define NAMES (FAN_CREATE | FAN_DELETE | FAN_MOVED_FROM | FAN_MOVED_TO | FAN_ONDIR)

NATIVE(a_group_with_handles_is_told_the_folder_of_a_name, LACKS) {
    make_things();
    start(FAN_REPORT_FID);
    NEED(mark(0, NAMES, "folder"));
    change_names();
}
NATIVE(a_group_with_names_is_told_them_too, LACKS) {
    make_things();
    start(FAN_REPORT_DIR_FID | FAN_REPORT_NAME);
    NEED(mark(0, NAMES, "folder"));
    NEED(mark(0, NAMES, "other"));
    change_names();
}
NATIVE(a_group_with_targets_is_told_whose_name_it_is, LACKS) {
    make_things();
    start(FAN_REPORT_FID | FAN_REPORT_DIR_FID | FAN_REPORT_NAME | FAN_REPORT_TARGET_FID);
    NEED(mark(0, NAMES, "folder"));
    NEED(mark(0, NAMES, "other"));
    change_names();
}
NATIVE(a_rename_is_told_with_both_names, LACKS) {
    make_things();
    start(FAN_REPORT_DIR_FID | FAN_REPORT_NAME);
    NEED(mark(0, FAN_RENAME | FAN_ONDIR, "folder"));
    NEED(rename("folder/file", "folder/again"));
    show_events();
    NEED(rename("folder/again", "other/file"));
    show_events();
    NEED(rename("other/file", "folder/file"));
    show_events();
    NEED(rename("folder/inner", "other/inner"));
    show_events();
    NEED(mark(0, FAN_RENAME | FAN_ONDIR, "other"));
    NEED(rename("other/inner", "folder/inner"));
    show_events();
    start(FAN_REPORT_FID | FAN_REPORT_DIR_FID | FAN_REPORT_NAME | FAN_REPORT_TARGET_FID);
    NEED(mark(FAN_MARK_FILESYSTEM, FAN_RENAME, "folder"));
    NEED(rename("folder/file", "other/file"));
    show_events();
}

static void use_things(void) {
    use_file("folder/file");
    NEED(chmod("folder/file", 0600));
    show_events();
    list("folder");
    NEED(chmod("folder", 0700));
    list("folder/inner");
    show_events();
}
#define USES (FAN_OPEN | FAN_CLOSE | FAN_MODIFY | FAN_ATTRIB)
NATIVE(uses_are_told_by_the_handle_of_the_file, LACKS) {
    make_things();
    start(FAN_REPORT_FID);
    NEED(mark(0, USES | FAN_EVENT_ON_CHILD | FAN_ONDIR, "folder"));
    use_things();
}
NATIVE(uses_are_told_by_the_handle_of_the_folder, LACKS) {
    make_things();
    start(FAN_REPORT_DIR_FID);
    NEED(mark(0, USES | FAN_EVENT_ON_CHILD | FAN_ONDIR, "folder"));
    use_things();
}
NATIVE(uses_are_told_by_name, LACKS) {
    make_things();
    start(FAN_REPORT_DIR_FID | FAN_REPORT_NAME);
    NEED(mark(0, USES | FAN_EVENT_ON_CHILD | FAN_ONDIR, "folder"));
    use_things();
}
NATIVE(uses_are_told_by_name_and_handle, LACKS) {
    make_things();
    start(FAN_REPORT_FID | FAN_REPORT_DIR_FID | FAN_REPORT_NAME);
    NEED(mark(0, USES | FAN_EVENT_ON_CHILD | FAN_ONDIR, "folder"));
    use_things();
}
NATIVE(a_marked_file_is_told_with_its_name, LACKS) {
    make_things();
    start(FAN_REPORT_FID | FAN_REPORT_DIR_FID | FAN_REPORT_NAME);
    NEED(mark(0, USES | FAN_MOVE_SELF | FAN_DELETE_SELF, "folder/file"));
    use_things();
    NEED(rename("folder/file", "other/file"));
    show_events();
    NEED(unlink("other/file"));
    show_events();
}
NATIVE(a_file_system_is_told_with_names, LACKS) {
    make_things();
    start(FAN_REPORT_FID | FAN_REPORT_DIR_FID | FAN_REPORT_NAME);
    NEED(mark(FAN_MARK_FILESYSTEM, USES | NAMES, "folder"));
    use_things();
    change_names();
}
NATIVE(the_end_of_a_folder_is_told, LACKS) {
    make_things();
    start(FAN_REPORT_FID);
    NEED(mark(0, FAN_DELETE_SELF | FAN_MOVE_SELF | FAN_ONDIR, "folder/inner"));
    NEED(rename("folder/inner", "other/inner"));
    show_events();
    NEED(rmdir("other/inner"));
    show_events();
    SHOW(unmark(0, FAN_DELETE_SELF, "folder/file"));
}
