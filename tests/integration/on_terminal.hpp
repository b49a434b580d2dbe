// A command of drover on a terminal of the test's.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/time.hpp"
#include "integration/cluster.hpp"

namespace drover::integration {

class OnTerminal {
   public:
    OnTerminal(const Cluster& cluster, const Words& arguments, unsigned short rows, unsigned short columns);
    ~OnTerminal();
    OnTerminal(const OnTerminal&) = delete;
    OnTerminal& operator=(const OnTerminal&) = delete;

    void type(const std::string& keys) const;
    void resize(unsigned short rows, unsigned short columns) const;
    bool shows(const std::string& text, Duration limit = kPatience);
    // Types it again and again: a key may come before who should have it.
    bool typing_shows(const std::string& keys, const std::string& text);
    // How it has ended.
    int code();

    pid_t pid() const { return pid_; }
    const std::string& seen() const { return seen_; }

    static constexpr Duration kPatience = seconds(90);  // for what takes a moment on a quiet machine

   private:
    int master_ = -1;
    pid_t pid_ = 0;
    std::string seen_;
};

}  // namespace drover::integration
