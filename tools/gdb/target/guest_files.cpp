// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers of the protocol's File-I/O, which are not Linux's: gdb/fileio.h.
#include "tools/gdb/target/guest_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "kernel_model/abi/fcntl.h"
#include "tools/gdb/wire/packet.h"

namespace uprobesim {
namespace {

constexpr std::size_t kMostOpen = 256;
constexpr std::uint64_t kMostRead = 64ul * 1024;

std::string failed(Errno error) {
    // FILEIO_E*: those that it has are Linux's.
    constexpr std::array kKnown{Errno::Perm,  Errno::NoEnt, Errno::Badf,   Errno::Acces,
                                Errno::Fault, Errno::Exist, Errno::NotDir, Errno::IsDir,
                                Errno::Inval, Errno::Mfile, Errno::Rofs};
    constexpr int kUnknown = 9999;
    const bool known = std::find(kKnown.begin(), kKnown.end(), error) != kKnown.end();
    return fmt::format("F-1,{:x}", known ? static_cast<int>(error) : kUnknown);
}

// struct fio_stat, in network order.
class FioStat {
public:
    void put(std::uint64_t value, unsigned bytes) {
        for (unsigned i = bytes; i-- > 0;) text_ += static_cast<char>(value >> (8 * i));
    }
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

std::string stat_text(const FileStatus& status) {
    constexpr std::uint64_t kBlock = 512;
    FioStat stat;
    stat.put(status.device, 4);
    stat.put(status.inode, 4);
    stat.put(status.mode, 4);
    stat.put(1, 4);  // links
    stat.put(0, 4);  // user
    stat.put(0, 4);  // group
    stat.put(0, 4);  // device of a device
    stat.put(static_cast<std::uint64_t>(status.size), 8);
    stat.put(kPageSize, 8);
    stat.put((static_cast<std::uint64_t>(status.size) + kBlock - 1) / kBlock, 8);
    for (int times = 0; times < 3; ++times) stat.put(static_cast<std::uint64_t>(status.mtime_s), 4);
    return stat.text();
}

std::string with_data(std::string_view data) {
    return fmt::format("F{:x};{}", data.size(), gdb_escaped(data));
}

}  // namespace

std::shared_ptr<File> GuestFiles::file(std::string_view descriptor) {
    const auto number = hex_number(descriptor);
    const auto found = number ? open_.find(*number) : open_.end();
    if (found == open_.end()) return nullptr;
    const auto opened = files_->open(Caller{}, found->second, abi::kORdonly | abi::kONoatime, 0);
    return opened ? opened->file : nullptr;
}

std::string GuestFiles::open(std::string_view arguments) {
    const auto path = from_hex(take_until(arguments, ','));
    const auto flags = hex_number(take_until(arguments, ','));
    if (!path || !flags || *flags != 0) return failed(Errno::Rofs);  // for reading only
    if (open_.size() >= kMostOpen) return failed(Errno::Mfile);
    const auto opened = files_->open(Caller{}, *path, abi::kORdonly | abi::kONoatime, 0);
    if (!opened) return failed(opened.error());
    open_[next_] = *path;
    return fmt::format("F{:x}", next_++);
}

std::string GuestFiles::read(std::string_view arguments) {
    const std::shared_ptr<File> from = file(take_until(arguments, ','));
    const auto count = hex_number(take_until(arguments, ','));
    const auto offset = hex_number(arguments);
    if (from == nullptr || !count || !offset) return failed(Errno::Badf);
    if (!from->seekable()) return failed(Errno::Inval);
    std::vector<std::byte> bytes(std::min(*count, kMostRead));
    const auto n = from->read(*offset, bytes);
    if (!n) return failed(n.error());
    return with_data({reinterpret_cast<const char*>(bytes.data()), *n});
}

std::string GuestFiles::status(std::string_view arguments) {
    const std::shared_ptr<File> of = file(arguments);
    if (of == nullptr) return failed(Errno::Badf);
    const auto status = of->status();
    return status ? with_data(stat_text(*status)) : failed(status.error());
}

std::string GuestFiles::close(std::string_view arguments) {
    const auto number = hex_number(arguments);
    return number && open_.erase(*number) != 0 ? "F0" : failed(Errno::Badf);
}

std::string GuestFiles::link(std::string_view arguments) {
    const auto path = from_hex(arguments);
    if (!path) return failed(Errno::Inval);
    const auto target = files_->read_link(Caller{}, *path);
    return target ? with_data(*target) : failed(target.error());
}

std::string GuestFiles::reply(std::string_view packet) {
    struct Row {
        std::string_view name;
        std::string (GuestFiles::*answer)(std::string_view);
    };
    constexpr std::array kRows{Row{"open", &GuestFiles::open}, Row{"pread", &GuestFiles::read},
                               Row{"fstat", &GuestFiles::status}, Row{"close", &GuestFiles::close},
                               Row{"readlink", &GuestFiles::link}};
    const std::string_view name = take_until(packet, ':');
    if (name == "setfs") return "F0";  // all processes have one tree
    if (files_ == nullptr) return {};
    const auto* const row =
        std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.name == name; });
    return row == kRows.end() ? std::string() : (this->*row->answer)(packet);
}

}  // namespace uprobesim
