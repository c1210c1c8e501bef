// SPDX-License-Identifier: GPL-2.0-or-later
// Directory listings: the entries of all layers, each name once, and the mount points.
#include <fcntl.h>

#include <algorithm>
#include <set>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/host/overlay.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

// Entries by name, each once: the first one counts.
class Listing {
public:
    Listing(Layers& layers, Process* process, const Node& directory)
        : layers_(layers), process_(process), directory_(directory) {
        const auto above = layers.find(process, parent_of(directory.guest));
        const std::uint64_t own = directory.status.inode;
        entries_.push_back({".", own, abi::kDtDir});
        entries_.push_back({"..", above && *above ? (*above)->status.inode : own, abi::kDtDir});
    }

    SysResult<void> add(std::vector<DirEntry> more) {
        for (DirEntry& entry : more) {
            if (!seen_.insert(entry.name).second) continue;
            TRY(complete(entry));
            entries_.push_back(std::move(entry));
        }
        return {};
    }
    // Adds names; their inode numbers and types are looked up.
    SysResult<void> add_names(const std::vector<std::string>& names) {
        for (const std::string& name : names) TRY(add({{name, 0, abi::kDtUnknown}}));
        return {};
    }

    SysResult<void> add_layers() {
        auto upper = TRY(entries_of(layers_.scratch()));
        std::erase_if(upper, [&](const DirEntry& e) {
            return Layers::reserved(child_of(directory_.guest, e.name));
        });
        std::set<std::string> covered;
        for (const DirEntry& e : upper) covered.insert(e.name);
        if (layers_.shows_root(directory_.guest)) {
            auto lower = TRY(entries_of(layers_.root()));
            // Names that the scratch layer has too keep their position in the host's order.
            std::erase_if(lower, [&](const DirEntry& e) {
                return !covered.contains(e.name) &&
                       layers_.hidden(child_of(directory_.guest, e.name));
            });
            for (DirEntry& e : lower) {
                if (covered.contains(e.name)) e.inode = 0;
            }
            TRY(add(std::move(lower)));
        }
        for (DirEntry& e : upper) e.inode = 0;  // the guest's own number
        return add(std::move(upper));
    }

    // Those of host directories by name: a host's order is its disk's.
    std::vector<DirEntry> take() {
        std::ranges::sort(entries_.begin() + modelled_, entries_.end(), {}, &DirEntry::name);
        return std::move(entries_);
    }
    // The entries of a modelled directory, in its order.
    SysResult<void> add_modelled(std::vector<DirEntry> entries) {
        TRY(add(std::move(entries)));
        modelled_ = std::ssize(entries_);
        return {};
    }

    // The entries of a host directory with the numbers that stat shows.
    std::vector<DirEntry> numbered(std::vector<DirEntry> entries, int fd) {
        const std::uint64_t device = status_of_host_fd(fd).device;
        for (DirEntry& e : entries)
            e.inode =
                layers_.shown.listed_inode({device, e.inode}, child_of(directory_.guest, e.name));
        return entries;
    }

private:
    // A number of 0 hides the entry from programs: right for one that is gone by now, and not for
    // one that the host cannot look at.
    SysResult<void> complete(DirEntry& entry) {
        if (entry.type != abi::kDtUnknown && entry.inode != 0) return {};
        const auto child = layers_.find(process_, child_of(directory_.guest, entry.name));
        if (!child && (child.error() == Errno::Io || child.error() == Errno::Nfile ||
                       child.error() == Errno::NoMem))
            return tl::make_unexpected(child.error());
        if (!child || !*child) return {};
        entry.type = abi::dirent_type((*child)->status.mode);
        entry.inode = (*child)->status.inode;
        return {};
    }

    // Empty if the layer has no such directory.
    SysResult<std::vector<DirEntry>> entries_of(const HostDirectory& layer) {
        const auto fd = layer.open(relative_of(directory_.guest), O_RDONLY | O_DIRECTORY);
        if (!fd && (fd.error() == Errno::NoEnt || fd.error() == Errno::NotDir))
            return std::vector<DirEntry>();
        if (!fd) return tl::make_unexpected(fd.error());
        return numbered(TRY(host_entries(fd->get())), fd->get());
    }

    Layers& layers_;
    Process* process_;
    const Node& directory_;
    std::set<std::string> seen_ = {".", ".."};
    std::vector<DirEntry> entries_;
    std::ptrdiff_t modelled_ = 2;
};

}  // namespace

SysResult<std::vector<DirEntry>> OverlayFileSystem::list(Process* process,
                                                         const std::string& guest) {
    const auto found = TRY(layers_.find(process, guest));
    if (!found) return tl::make_unexpected(Errno::NoEnt);
    Listing listing(layers_, process, *found);
    if (found->special) TRY(listing.add_modelled(found->special->list()));
    if (found->kind == LayerKind::Bind) {
        const auto fd = TRY(layers_.open(*found, O_RDONLY | O_DIRECTORY));
        TRY(listing.add(listing.numbered(TRY(host_entries(fd.get())), fd.get())));
    } else {
        TRY(listing.add_layers());
    }
    TRY(listing.add_names(layers_.bind_points_in(guest)));
    if (guest == "/") TRY(listing.add_names({"dev", "proc", "sys"}));
    return listing.take();
}

}  // namespace uprobesim
