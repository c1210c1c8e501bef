// SPDX-License-Identifier: GPL-2.0-or-later
// /proc, /dev and /sys. Formats are those of proc(5) and null(4).
#include <map>
#include <memory>
#include <regex>

#include "tests/kernel_model/files/files_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

struct ProcFixture : FilesFixture {
    ProcFixture() {
        process->parent_pid = 77;
        process->exe = "/bin/guest";
        process->fs->cwd = files->directory(Caller{}, "/data").value();
        process->arguments = {"guest", "-v", "two words"};
        process->environment = {"A=1", "B=2"};
        process->auxv = {6, 4096, 0, 0};
        become(5, 6);
        process->options.dumpable = 1;  // as a program that this user started
        process->fs->umask = 027;
        process->actions[2].handler = 1;        // SIGINT ignored
        process->actions[10].handler = 0x5000;  // SIGUSR1 caught
        task->sigmask = 1u << 16;
        table()[process->pid] = std::unique_ptr<Process>(process.get());
    }
    ~ProcFixture() {
        static_cast<void>(table().at(process->pid).release());  // it is the fixture's
        table().clear();
    }
    ProcFixture(const ProcFixture&) = delete;
    ProcFixture& operator=(const ProcFixture&) = delete;
    // The process was not started by the kernel, whose table /proc shows.
    std::map<std::int32_t, std::unique_ptr<Process>>& table() {
        return const_cast<std::map<std::int32_t, std::unique_ptr<Process>>&>(
            kernel->processes().all());
    }
    std::vector<std::string> lines(const std::string& path) {
        std::istringstream text(cat(path));
        std::vector<std::string> all;
        for (std::string line; std::getline(text, line);) all.push_back(line);
        return all;
    }
    std::string value(const std::string& path, const std::string& key) {
        for (const auto& line : lines(path)) {
            if (line.rfind(key + ":", 0) == 0)
                return line.substr(line.find_first_not_of(" \t", key.size() + 1));
        }
        return "no " + key;
    }
};

}  // namespace

TEST_CASE_METHOD(ProcFixture, "the process's own directory", "[files][proc]") {
    CHECK(readlink("/proc/self") == "1000");
    CHECK(readlink("/proc/thread-self") == "1000/task/1000");
    CHECK(readlink("/proc/self/exe") == "/bin/guest");
    CHECK(readlink("/proc/self/cwd") == "/data");
    CHECK(readlink("/proc/self/root") == "/");
    CHECK(cat("/proc/self/cmdline") == std::string("guest\0-v\0two words\0", 19));
    CHECK(cat("/proc/self/environ") == std::string("A=1\0B=2\0", 8));
    CHECK(cat("/proc/self/comm") == "guest\n");
    CHECK(cat("/proc/1000/comm") == "guest\n");
    CHECK(cat("/proc/self/task/1000/comm") == "guest\n");
    CHECK(cat("/proc/self/cwd/a") == "alpha");
    CHECK(cat("/proc/999/comm") == "error -2");
    const std::string auxv = cat("/proc/self/auxv");
    REQUIRE(auxv.size() == 32);
    std::uint64_t words[4];
    std::memcpy(words, auxv.data(), 32);
    CHECK(words[0] == 6);
    CHECK(words[1] == 4096);
    CHECK(stat("/proc/self/maps") == 0);
    CHECK(stat_mode() == 0100444);
    CHECK(stat_size() == 0);
    CHECK(ls("/proc/self/task") == "1000");
}

TEST_CASE_METHOD(ProcFixture, "/proc/self/status", "[files][proc]") {
    const std::string path = "/proc/self/status";
    CHECK(value(path, "Name") == "guest");
    CHECK(value(path, "Umask") == "0027");
    CHECK(value(path, "Pid") == "1000");
    CHECK(value(path, "Tgid") == "1000");
    CHECK(value(path, "PPid") == "77");
    CHECK(value(path, "TracerPid") == "0");
    CHECK(value(path, "Uid") == "5\t5\t5\t5");
    CHECK(value(path, "Gid") == "6\t6\t6\t6");
    CHECK(value(path, "Threads") == "1");
    CHECK(value(path, "SigBlk") == "0000000000010000");
    CHECK(value(path, "SigIgn") == "0000000000000002");
    CHECK(value(path, "SigCgt") == "0000000000000200");
    CHECK(value(path, "VmSize") == "288 kB");  // 72 pages of the fixture
}

TEST_CASE_METHOD(ProcFixture, "/proc/self/stat and statm", "[files][proc]") {
    const std::string stat_line = cat("/proc/self/stat");
    CHECK(stat_line.rfind("1000 (guest) R 77 ", 0) == 0);
    CHECK(stat_line.back() == '\n');
    std::istringstream fields(stat_line.substr(stat_line.find(')') + 2));
    std::vector<std::string> all;
    for (std::string f; fields >> f;) all.push_back(f);
    REQUIRE(all.size() == 50);   // 52 fields, less pid and comm
    CHECK(all[17] == "1");       // 20: num_threads
    CHECK(all[20] == "294912");  // 23: vsize
    CHECK(cat("/proc/self/statm").rfind("72 ", 0) == 0);
    // utime in clock ticks of 1/100 s.
    CHECK(std::stoull(all[11]) == 0);
}

TEST_CASE_METHOD(ProcFixture, "/proc/self/maps", "[files][proc]") {
    const std::int64_t fd = open("/data/a");
    const std::int64_t at_address =
        call("mmap", {0, 4096, 1, 2, static_cast<std::uint64_t>(fd), 0});
    REQUIRE(at_address > 0);
    const std::regex line(
        R"([0-9a-f]{8,16}-[0-9a-f]{8,16} [r-][w-][x-][ps] [0-9a-f]{8} [0-9a-f]{2,}:[0-9a-f]{2,} \d+\s*( .*)?)");
    bool found = false;
    for (const auto& l : lines("/proc/self/maps")) {
        INFO(l);
        CHECK(std::regex_match(l, line));
        found = found || (l.find(" r--p 00000000 ") != std::string::npos && l.size() > 73 &&
                          l.substr(73) == "/data/a");
    }
    CHECK(found);
}

TEST_CASE_METHOD(ProcFixture, "/proc/self/fd opens files anew", "[files][proc]") {
    become(0, 0);
    const std::int64_t fd = open("/data/a");
    const std::string name = "/proc/self/fd/" + std::to_string(fd);
    CHECK(readlink(name) == "/data/a");
    CHECK(ls("/proc/self/fd").find(std::to_string(fd)) != std::string::npos);
    CHECK(read(fd, 2) == "al");
    const std::int64_t again = open(name);
    REQUIRE(again > fd);
    CHECK(read(again) == "alpha");  // a position of its own
    CHECK(read(fd) == "pha");
    CHECK(open(name, kNofollow) == kEloop);
    const std::int64_t writer = open(name, kWronly);
    CHECK(write(writer, "A") == 1);
    CHECK(cat("/data/a") == "Alpha");
    CHECK(unlink("/data/a") == 0);
    CHECK(cat(name) == "Alpha");  // though it has no name any more
    CHECK(stat(name) == 0);
    CHECK(stat_mode() == 0100644);
    CHECK(stat(name, 0x100) == 0);
    CHECK((stat_mode() & 0170000) == 0120000);
    CHECK(open("/proc/self/fd/99") == kEnoent);
    CHECK(call("pipe2", {data, 0}) == 0);
    const auto reader = at<std::int32_t>(data), sender = at<std::int32_t>(data + 4);
    CHECK(std::regex_match(readlink("/proc/self/fd/" + std::to_string(reader)),
                           std::regex(R"(pipe:\[\d+\])")));
    CHECK(write(sender, "through") == 7);
    CHECK(read(open("/dev/fd/" + std::to_string(reader))) == "through");
}

TEST_CASE_METHOD(ProcFixture, "what /proc says of the machine", "[files][proc]") {
    CHECK(value("/proc/meminfo", "MemTotal") ==
          std::to_string(machine->memory.limit_bytes() / 1024) + " kB");
    const auto cpu = lines("/proc/cpuinfo");
    CHECK(cpu.front() == "processor\t: 0");
    CHECK(std::find(cpu.begin(), cpu.end(), "CPU part\t: 0xd08") != cpu.end());
    CHECK(std::regex_match(cat("/proc/uptime"), std::regex("\\d+\\.\\d\\d \\d+\\.\\d\\d\n")));
    CHECK(
        std::regex_match(cat("/proc/loadavg"),
                         std::regex("\\d+\\.\\d\\d \\d+\\.\\d\\d \\d+\\.\\d\\d \\d+/\\d+ \\d+\n")));
    CHECK(cat("/proc/sys/kernel/ostype") == "Linux\n");
    CHECK(cat("/proc/version").rfind("Linux version ", 0) == 0);
    CHECK(cat("/sys/devices/system/cpu/online") == "0\n");
    CHECK(lines("/proc/self/limits").size() == 17);
    CHECK(lines("/proc/self/limits")[8].rfind("Max open files ", 0) == 0);
    CHECK(lines("/proc/mounts").front() == "/dev/vda / ext4 rw,relatime 0 0");
    for (const auto& l : lines("/proc/mounts"))
        CHECK(std::regex_match(l, std::regex(R"(\S+ \S+ \S+ \S+ 0 0)")));
    // proc(5): id, parent, device, root, place, options, "-", type, source, options of the file
    // system.
    const std::regex mount(R"(\d+ \d+ (\d+):(\d+) / (\S+) \S+ - \S+ \S+ \S+)");
    for (const auto& l : lines("/proc/self/mountinfo")) {
        std::smatch parts;
        REQUIRE(std::regex_match(l, parts, mount));
        REQUIRE(stat(parts[3]) == 0);
        CHECK(at(data) == std::stoull(parts[1]) * 256 + std::stoull(parts[2]));  // st_dev
    }
    for (const char* path :
         {"/proc", "/proc/self", "/proc/sys/kernel", "/dev", "/sys", "/sys/devices/system/cpu"}) {
        INFO(path);
        const std::int64_t fd = open(path, kDirectory);
        REQUIRE(fd >= 0);
        for (const auto& e : getdents(fd)) {
            INFO(e.name);
            CHECK(e.type != 0);  // whatever is listed is there
            CHECK(stat(std::string(path) + "/" + e.name, 0x100) == 0);
        }
        close(fd);
    }
    CHECK(ls("/") == "bin data dev etc proc sys tmp usr");
}

TEST_CASE_METHOD(ProcFixture, "text files are read by offset", "[files][proc]") {
    const std::int64_t fd = open("/proc/self/comm");
    CHECK(read(fd, 2) == "gu");
    CHECK(read(fd, 100) == "est\n");
    CHECK(read(fd) == "");
    CHECK(call("lseek", {static_cast<std::uint64_t>(fd), 1, 0}) == 1);
    CHECK(read(fd) == "uest\n");
    CHECK(open("/proc/self/maps", kWronly) == kEacces);
    CHECK(open("/proc/self", kWronly) == kEisdir);
    CHECK(open("/proc/self/maps", kDirectory) == kEnotdir);
    CHECK(stat("/proc/self/maps/x") == kEnotdir);
}

TEST_CASE_METHOD(ProcFixture, "/dev", "[files][proc]") {
    const std::int64_t null = open("/dev/null", kRdwr);
    CHECK(write(null, "gone") == 4);
    CHECK(read(null) == "");
    CHECK(last_path == KernelPath::SysReadDevice);
    const std::int64_t zero = open("/dev/zero");
    CHECK(read(zero, 5000) == std::string(5000, '\0'));
    const std::int64_t full = open("/dev/full", kRdwr);
    CHECK(write(full, "x") == kEnospc);
    CHECK(read(full, 3) == std::string(3, '\0'));
    const std::int64_t random = open("/dev/urandom");
    const std::string a = read(random, 64), b = read(random, 64);
    CHECK(a.size() == 64);
    CHECK(a != b);
    CHECK(open("/dev/tty", kRdwr) == kEnxio);
    CHECK(fstat(null) == 0);
    CHECK(stat_mode() == 020666);
    CHECK(at(data + 32) == 0x103);  // major 1, minor 3
    CHECK(stat("/dev/urandom") == 0);
    CHECK(at(data + 32) == 0x109);
    CHECK(call("ioctl", {static_cast<std::uint64_t>(null), 0x5401, data}) == kEnotty);  // TCGETS
    CHECK(readlink("/dev/fd") == "/proc/self/fd");
    CHECK(readlink("/dev/stdin") == "/proc/self/fd/0");
    CHECK(stat("/dev/shm") == 0);
    CHECK(stat_mode() == 041777);
    CHECK(call("ftruncate", {static_cast<std::uint64_t>(null), 0}) == kEinval);
}
