// A small disk of its own for a directory, which can be filled and freed: a tmpfs.
#pragma once

#include <cstdint>
#include <string>

namespace drover::chaos {

class Disk {
   public:
    // Mounts on `dir`, which is made when missing. Without the right to mount the directory stays what it is.
    Disk(std::string dir, std::uint64_t megabytes);

    bool mounted() const { return mounted_; }
    // Until not one block is left.
    void fill() const;
    void free() const;

   private:
    std::string filler() const { return dir_ + "/.filler"; }

    std::string dir_;
    bool mounted_;
};

}  // namespace drover::chaos
