// A Docker daemon of the test's own, with everything that is its in one directory, and one tiny image.
#pragma once

#include <string>

#include "integration/subprocess.hpp"

namespace drover::integration {

inline constexpr const char* kTestImage = "drover-test:1";  // busybox

class Dockerd {
   public:
    // Why there can be none on this machine; empty: there can.
    static std::string missing();

    // Started, and has the image. `storage`: its storage driver; vfs works everywhere, and copies everything.
    explicit Dockerd(std::string storage = "vfs");
    // Ends it and all its containers.
    ~Dockerd();
    Dockerd(const Dockerd&) = delete;
    Dockerd& operator=(const Dockerd&) = delete;

    std::string socket() const { return dir_ + "/docker.sock"; }
    // The image as `docker save` writes it.
    std::string archive() const { return dir_ + "/image.tar"; }

    void start();
    // SIGKILL; its containers go on.
    void kill();

    // What the command line of Docker prints, without the line's end; the test fails when that fails.
    std::string docker(const Words& arguments) const;

   private:
    void make_image();

    std::string storage_;
    std::string dir_;
    pid_t pid_ = 0;
};

}  // namespace drover::integration
