// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/doctor/doctor.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "kernel_model/vdso/vdso_images.h"
#include "sim/base/error.h"
#include "sim/cpu/unicorn/engine_check.h"
#include "sim/cpu/unicorn/engine_version.h"
#include "sim/insn/decoder.h"
#include "tools/bench/trigger_programs.h"
#include "tools/format/text_table.h"
#include "tools/sysroot/sysroot.h"

namespace uprobesim {
namespace {

using State = DoctorCheck::State;

// What fetching the basic sysroot takes at its peak: 185 MiB unpacked and 45 MiB of packages.
constexpr std::uint64_t kFetchBytes = std::uint64_t{300} << 20;
constexpr std::uint32_t kPush = 0xa9bf7bfd;

std::vector<DoctorCheck> engine_checks() {
    EngineCheck engine;
    try {
        engine = check_unicorn();
    } catch (const HostError& error) {
        return {{"engine", State::Missing, error.what(), "free memory, or raise its limit"}};
    }
    std::vector<DoctorCheck> checks;
    if (engine.executes) {
        checks.push_back(
            {"engine", State::Ok, engine_version() + "; executes and counts instructions", ""});
    } else {
        checks.push_back({"engine", State::Missing, engine_version() + " gives wrong results",
                          "build with Debian 12's libunicorn-dev (2.0.1)"});
    }
    for (const FastPath& path : engine.fast_paths) {
        if (path.used) {
            checks.push_back({"  " + path.name, State::Ok, "self-test passed", ""});
        } else {
            checks.push_back({"  " + path.name, State::Optional, path.without, path.remedy});
        }
    }
    return checks;
}

DoctorCheck disassembler_check() {
    try {
        const std::string text = Decoder().disassemble(kPush, 0);
        const std::string version = disassembler_version();
        if (text == "stp x29, x30, [sp, #-0x10]!") return {"disassembler", State::Ok, version, ""};
        return {"disassembler", State::Missing,
                fmt::format("{} writes \"{}\" for a push", version, text),
                "use Debian 12's libcapstone4 (4.0.2)"};
    } catch (const HostError& error) {
        return {"disassembler", State::Missing, error.what(), "install libcapstone4"};
    }
}

DoctorCheck embedded_check(const char* name, std::size_t count, const char* what) {
    if (count != 0) return {name, State::Ok, fmt::format("{}, built in", counted(count, what)), ""};
    return {name, State::Missing, "not built in",
            "build with gcc-aarch64-linux-gnu and libc6-dev-arm64-cross installed"};
}

DoctorCheck sysroot_check(const DoctorOptions& options) {
    std::error_code error;
    if (options.root.empty())
        return {"sysroot", State::Missing, "no arm64 programs", "uprobesim sysroot fetch"};
    // Links inside the guest's files are absolute there: only that the name exists is asked.
    const auto shell = std::filesystem::symlink_status(options.root + "/bin/sh", error);
    if (!std::filesystem::exists(shell))
        return {"sysroot", State::Missing, options.root + " has no /bin/sh",
                options.host.sysroot_variable.empty() ? "uprobesim sysroot fetch"
                                                      : "set UPROBESIM_SYSROOT to an arm64 root"};
    return {"sysroot", State::Ok, options.root, ""};
}

// Free space where the sysroot goes: at the nearest folder above it that exists.
DoctorCheck space_check(const DoctorOptions& options) {
    std::filesystem::path folder = fetched_sysroot(options.host, SysrootKind::Basic);
    if (folder.empty())
        return {"cache", State::Optional, "neither HOME nor XDG_CACHE_HOME is set",
                "uprobesim sysroot fetch DIR"};
    std::error_code error;
    while (!std::filesystem::exists(folder, error) && folder.has_relative_path())
        folder = folder.parent_path();
    const auto space = std::filesystem::space(folder, error);
    if (error)
        return {"cache", State::Missing, fmt::format("{}: {}", folder.string(), error.message()),
                "set XDG_CACHE_HOME to a folder of yours"};
    const std::string found =
        fmt::format("{} free in {}", bytes_text(space.available), folder.string());
    const bool enough = space.available >= kFetchBytes || !options.root.empty();
    const bool writable = ::access(folder.c_str(), W_OK) == 0 || !options.root.empty();
    if (enough && writable) return {"cache", State::Ok, found, ""};
    return {"cache", State::Missing, writable ? found : folder.string() + " is not writable",
            fmt::format("set XDG_CACHE_HOME to a folder of yours with {} free",
                        bytes_text(kFetchBytes))};
}

// An executable of the host in a folder of `search_path`; "" if there is none.
std::string find_program(const std::string& search_path, const std::string& name) {
    for (std::size_t begin = 0; begin <= search_path.size();) {
        const std::size_t end = std::min(search_path.find(':', begin), search_path.size());
        std::string path = search_path.substr(begin, end - begin) + "/" + name;
        if (end != begin && ::access(path.c_str(), X_OK) == 0) return path;
        begin = end + 1;
    }
    return "";
}

struct HostProgram {
    const char* check;
    const char* program;
    const char* purpose;
    const char* package;
};
constexpr HostProgram kHostPrograms[] = {
    {"cross compiler", "aarch64-linux-gnu-gcc", "only building guest programs needs it",
     "gcc-aarch64-linux-gnu libc6-dev-arm64-cross"},
    {"qemu", "qemu-aarch64", "only the end-to-end tests need it", "qemu-user"},
};

}  // namespace

std::vector<DoctorCheck> examine(const DoctorOptions& options) {
    std::vector<DoctorCheck> checks = engine_checks();
    checks.push_back(disassembler_check());
    checks.push_back(embedded_check("vDSO", vdso_images().size(), "image"));
    checks.push_back(embedded_check("benchmark", trigger_programs().size(), "program"));
    checks.push_back(sysroot_check(options));
    checks.push_back(space_check(options));
    for (const HostProgram& row : kHostPrograms) {
        std::string path = find_program(options.search_path, row.program);
        if (!path.empty()) {
            checks.push_back({row.check, State::Ok, std::move(path), ""});
        } else {
            checks.push_back({row.check, State::Optional,
                              fmt::format("no {}; {}", row.program, row.purpose),
                              fmt::format("apt install {}", row.package)});
        }
    }
    return checks;
}

bool is_healthy(const std::vector<DoctorCheck>& checks) {
    for (const DoctorCheck& check : checks) {
        if (check.state == State::Missing) return false;
    }
    return true;
}

}  // namespace uprobesim
