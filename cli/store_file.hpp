// A backup that the state-store made in its own directory, taken to where the caller wants it, with the caller's
// rights.
#pragma once

#include <string>

#include "base/result.hpp"

namespace drover::cli {

// A new file that only its owner may read. Removed again unless it is filled.
class NewFile {
   public:
    // conflict: there is something already, which is left as it is.
    static Result<NewFile> make(const std::string& path);
    NewFile(NewFile&& other) noexcept;
    NewFile& operator=(NewFile&&) = delete;
    ~NewFile();

    // Copies the file `from`, durably; then `from` goes.
    Result<void> take(const std::string& from);

   private:
    NewFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
    std::string path_;  // empty: filled
    int fd_;
};

}  // namespace drover::cli
