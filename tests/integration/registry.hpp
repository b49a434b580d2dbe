// A registry of images on this machine that serves one to who knows its password (registry.py).
#pragma once

#include <sys/types.h>

#include <string>

namespace drover::integration {

class Registry {
   public:
    static constexpr const char* kUser = "ci";
    static constexpr const char* kPassword = "hunter2-of-the-registry";

    // `archive`: as `docker save` writes it. `dir` is for its files.
    Registry(const std::string& archive, const std::string& dir);
    ~Registry();
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;

    std::string address() const { return "127.0.0.1:" + port_; }
    // With this tag, which may be any.
    std::string image(const std::string& tag) const { return address() + "/team/app:" + tag; }

   private:
    pid_t pid_ = 0;
    std::string port_;
};

}  // namespace drover::integration
