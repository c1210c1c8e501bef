// SPDX-License-Identifier: GPL-2.0-or-later
// The editors of this process. The interposed functions have no other way to theirs: they are given
// the engine's structures only.
#pragma once

#include <vector>

#include "sim/cpu/unicorn/jit/code_editor.h"

namespace uprobesim {

class Editors {
public:
    static Editors& all();

    void add(CodeEditor& editor) { editors_.push_back(&editor); }
    void remove(const CodeEditor& editor);

    // Null: that engine is not edited.
    template <class Is>
    CodeEditor* find(Is is) {
        if (last_ != nullptr && is(*last_)) return last_;
        for (CodeEditor* editor : editors_) {
            if (is(*editor)) return last_ = editor;
        }
        return nullptr;
    }

private:
    std::vector<CodeEditor*> editors_;
    CodeEditor* last_ = nullptr;  // found last: nearly always the one that is asked for
};

}  // namespace uprobesim
