// SPDX-License-Identifier: GPL-2.0-or-later
// What this thread has for its engines. The interposed functions have no other way to it: they are
// given the engine's structures only. An engine is made, run and dropped in one thread, so that
// simulations in several threads share nothing; an engine of somebody else's finds nothing here.
#pragma once

#include <vector>

namespace uprobesim {

template <class T>
class EngineRegistry {
public:
    static EngineRegistry& all() {
        static thread_local EngineRegistry registry;
        return registry;
    }

    void add(T& entry) { entries_.push_back(&entry); }
    void remove(const T& entry) {
        std::erase(entries_, &entry);
        if (last_ == &entry) last_ = nullptr;
    }

    // Null: there is none for that engine.
    template <class Is>
    T* find(Is is) {
        if (last_ != nullptr && is(*last_)) return last_;
        for (T* entry : entries_) {
            if (is(*entry)) return last_ = entry;
        }
        return nullptr;
    }

private:
    std::vector<T*> entries_;
    T* last_ = nullptr;  // found last: nearly always the one that is asked for
};

}  // namespace uprobesim
