// SPDX-License-Identifier: GPL-2.0-or-later
// A part of a process that clone copies or, with the flag for it, shares: descriptors, the place in
// the file tree, signal actions.
#pragma once

#include <cstddef>
#include <memory>

namespace uprobesim {

template <class T>
class Sharable {
public:
    Sharable() : value_(std::make_shared<T>()) {}
    Sharable(const Sharable& o) : value_(std::make_shared<T>(*o.value_)) {}
    Sharable& operator=(const Sharable& o) {
        if (this != &o) value_ = std::make_shared<T>(*o.value_);
        return *this;
    }
    Sharable(Sharable&&) noexcept = default;
    Sharable& operator=(Sharable&&) noexcept = default;
    ~Sharable() = default;

    // From now on this is the other's, not a copy of it.
    void share(const Sharable& other) { value_ = other.value_; }
    // The others keep it; this is a copy.
    void unshare() {
        if (value_.use_count() > 1) value_ = std::make_shared<T>(*value_);
    }
    bool is_shared() const { return value_.use_count() > 1; }
    bool is(const Sharable& other) const { return value_ == other.value_; }

    T& operator*() { return *value_; }
    const T& operator*() const { return *value_; }
    T* operator->() { return value_.get(); }
    const T* operator->() const { return value_.get(); }
    // Of containers.
    auto& operator[](std::size_t i) { return (*value_)[i]; }
    const auto& operator[](std::size_t i) const { return (*value_)[i]; }
    auto begin() { return value_->begin(); }
    auto end() { return value_->end(); }

private:
    std::shared_ptr<T> value_;
};

}  // namespace uprobesim
