// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/keys/key.h"

namespace uprobesim {

SysResult<void> Key::state(std::uint64_t now_ns) const {
    if (revoked) return tl::make_unexpected(Errno::KeyRevoked);
    if (now_ns >= expires_ns) return tl::make_unexpected(Errno::KeyExpired);
    if (negative) return tl::make_unexpected(*negative);
    return {};
}

std::shared_ptr<Key> Key::linked(std::string_view of_type, std::string_view of_description) const {
    const auto it = numbers_.find({of_type, of_description});
    return it == numbers_.end() ? nullptr : links_.at(it->second);
}

void Key::add_link(const std::shared_ptr<Key>& key) {
    std::uint64_t number = 0;
    if (const auto before = linked(key->type, key->description)) {
        number = numbers_.at({before->type, before->description});
        part(*before, number);
    } else {
        number = ++last_number_;
    }
    links_[number] = key;
    numbers_[{key->type, key->description}] = number;
    if (key->is_keyring()) rings_[number] = key.get();
    key->holders_[serial] = this;
}

bool Key::remove_link(const Key& key) {
    const auto it = numbers_.find({key.type, key.description});
    if (it == numbers_.end()) return false;
    const std::uint64_t number = it->second;
    const auto kept = links_.at(number);
    part(*kept, number);
    links_.erase(number);
    return true;
}

// All that is known of a link but the link itself.
void Key::part(Key& key, std::uint64_t number) {
    numbers_.erase({key.type, key.description});
    rings_.erase(number);
    key.holders_.erase(serial);
}

// Keyrings that nothing else has end here too, one after the other: a guest nests any number.
void Key::unlink_all() {
    std::vector<std::shared_ptr<Key>> gone;
    const auto take_from = [&gone](Key& ring) {
        for (auto& [number, key] : ring.links_) {
            key->holders_.erase(ring.serial);
            gone.push_back(std::move(key));
        }
        ring.links_.clear();
        ring.numbers_.clear();
        ring.rings_.clear();
    };
    take_from(*this);
    while (!gone.empty()) {
        const auto key = std::move(gone.back());
        gone.pop_back();
        if (key.use_count() == 1) take_from(*key);
    }
}

}  // namespace uprobesim
