// Archives for tests, made with libarchive itself, and a directory to unpack them into.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "os/files.hpp"
#include "os/remove.hpp"

namespace drover::fetch {

struct Entry {
    std::string path;
    mode_t type = AE_IFREG;
    std::string data;  // of a file; the target of a link
    mode_t mode = 0644;
    bool hard = false;  // a link to the file `data`
};

enum class Format { tar, tar_gz, tar_xz, tar_zst, zip };

inline std::string make_archive(const std::vector<Entry>& entries, Format format = Format::tar) {
    archive* out = archive_write_new();
    if (format == Format::zip) {
        archive_write_set_format_zip(out);
    } else {
        archive_write_set_format_pax_restricted(out);
    }
    if (format == Format::tar_gz) archive_write_add_filter_gzip(out);
    if (format == Format::tar_xz) archive_write_add_filter_xz(out);
    if (format == Format::tar_zst) archive_write_add_filter_zstd(out);
    std::string bytes(4 << 20, '\0');
    std::size_t used = 0;
    archive_write_open_memory(out, bytes.data(), bytes.size(), &used);
    for (const Entry& one : entries) {
        archive_entry* entry = archive_entry_new();
        archive_entry_set_pathname(entry, one.path.c_str());
        archive_entry_set_filetype(entry, one.type);
        archive_entry_set_perm(entry, one.mode);
        if (one.hard) archive_entry_set_hardlink(entry, one.data.c_str());
        if (one.type == AE_IFLNK) archive_entry_set_symlink(entry, one.data.c_str());
        const bool has_data = one.type == AE_IFREG && !one.hard;
        archive_entry_set_size(entry, has_data ? static_cast<la_int64_t>(one.data.size()) : 0);
        EXPECT_EQ(archive_write_header(out, entry), ARCHIVE_OK) << archive_error_string(out);
        if (has_data) archive_write_data(out, one.data.data(), one.data.size());
        archive_entry_free(entry);
    }
    archive_write_close(out);
    archive_write_free(out);
    bytes.resize(used);
    return bytes;
}

inline UniqueFd in_memory(const std::string& bytes) {
    UniqueFd fd(::memfd_create("archive", MFD_CLOEXEC));
    EXPECT_EQ(::pwrite(fd.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    return fd;
}

class InDirectory : public ::testing::Test {
   public:
    InDirectory() {
        std::string path = ::testing::TempDir() + "drover-fetch-XXXXXX";
        dir_ = ::mkdtemp(path.data());
        EXPECT_TRUE(os::make_dir(dir_ + "/in", 0755));
        in_ = UniqueFd(::open((dir_ + "/in").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }
    ~InDirectory() override { EXPECT_TRUE(os::remove_tree(dir_)); }

   protected:
    std::string read(const std::string& path) const {
        return os::read_file(dir_ + "/in/" + path, 1 << 20).value_or("(nothing)");
    }

    std::string dir_;
    UniqueFd in_;
};

}  // namespace drover::fetch
