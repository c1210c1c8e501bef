// SPDX-License-Identifier: GPL-2.0-or-later
// Runs in processes that are forked from this one: what was simulated until then they have in
// common, copied on write. This process makes a run, too. So many go on at the same time; the
// others wait for their turn. A run's result comes back as bytes. Forked processes end with this
// one, whatever ends it. Throws HostError where the host fails.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace uprobesim {

class ForkedRuns {
public:
    explicit ForkedRuns(std::size_t jobs) : jobs_(jobs) {}
    // Ends those that are under way.
    ~ForkedRuns();
    ForkedRuns(const ForkedRuns&) = delete;
    ForkedRuns& operator=(const ForkedRuns&) = delete;

    // Forks for the run of this number, not 0, which is this process's. True in the forked process,
    // which calls begin() when it no longer depends on what this one changes, and then deliver().
    // Until begin() this process waits.
    bool fork(std::size_t number);
    // Of a forked process: waits for its turn.
    void begin();
    // Of a forked process: its result, or why there is none, on one line. It ends.
    [[noreturn]] void deliver(std::string_view bytes);
    [[noreturn]] void fail(std::string_view why);
    bool in_child() const { return in_child_; }
    std::size_t number() const { return number_; }  // of the run that this process makes

    bool has(std::size_t number) const { return children_.contains(number); }
    std::size_t left() const { return children_.size(); }
    // This process's own run is over: another has its turn.
    void end_turn();
    struct Ended {
        std::string bytes;
        std::string failure;  // empty: there are bytes
        bool told = false;    // by fail(): the process has not come to harm
    };
    // Waits for its end. `look` is called some times a second.
    Ended collect(std::size_t number, const std::function<void()>& look);
    // Passes a signal on.
    void tell_all(int signal) const;

private:
    struct Child {
        pid_t pid = 0;
        int pidfd = -1;
        int result = -1;  // a file in memory
    };
    void take_turn(std::size_t place, bool taken) const;

    std::size_t jobs_;
    int turns_ = -1;    // a file in memory: who goes on has one of its bytes locked
    bool runs_ = true;  // this process's own run has its turn
    bool in_child_ = false;
    std::size_t forked_ = 0;              // so far
    std::size_t number_ = 0, place_ = 0;  // of a forked process
    int result_ = -1, begun_ = -1;        // of a forked process
    std::map<std::size_t, Child> children_;
};

}  // namespace uprobesim
