// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace uprobesim {

// Objects that others own, as long as they live. All of them are looked at only when they have
// become twice as many.
template <class T>
class Met {
public:
    std::shared_ptr<T> add(std::shared_ptr<T> object) {
        if (all_.size() >= kept_) {
            std::erase_if(all_, [](const auto& one) { return one.expired(); });
            kept_ = 2 * all_.size() + 64;
        }
        all_.push_back(object);
        return object;
    }
    std::vector<std::shared_ptr<T>> alive() const {
        std::vector<std::shared_ptr<T>> found;
        for (const auto& one : all_) {
            if (auto object = one.lock()) found.push_back(std::move(object));
        }
        return found;
    }

private:
    std::vector<std::weak_ptr<T>> all_;
    std::size_t kept_ = 64;
};

}  // namespace uprobesim
