#include "driver-manager/fetch/fetch.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/defer.hpp"
#include "driver-manager/fetch/checksum.hpp"
#include "driver-manager/fetch/deadline.hpp"
#include "driver-manager/fetch/git.hpp"
#include "driver-manager/fetch/http.hpp"
#include "driver-manager/fetch/local.hpp"
#include "driver-manager/fetch/move.hpp"
#include "driver-manager/fetch/request/source.hpp"
#include "driver-manager/fetch/unpack.hpp"
#include "os/below.hpp"
#include "os/files.hpp"
#include "os/remove.hpp"

namespace drover::fetch {

namespace {

constexpr const char* kDownload = "download";
constexpr const char* kTree = "tree";

UniqueFd open_dir(int at, const std::string& path) {
    return UniqueFd(::openat(at, path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

Result<void> download(const Request& request, const Source& source, const Deadline& deadline, int file) {
    if (source.scheme == Scheme::file) return copy_file(source.path, file, request.max_bytes);
    return fetch_http(source, request.headers, request.max_bytes, deadline, file);
}

// A file or an archive: into <work>/download, and from there as what the mode says into <work>/tree.
Result<void> fetch_file(const Request& request, const Source& source, const Deadline& deadline, int work) {
    const Result<Digest> digest = parse_checksum(request.checksum);
    if (!digest) return tl::unexpected(digest.error());
    const UniqueFd file(::openat(work, kDownload, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.valid()) return fail_errno("cannot create a file for the download", errno);
    if (const auto done = download(request, source, deadline, file.get()); !done) return done;
    if (const auto good = check(file.get(), *digest); !good) return good;
    const UniqueFd tree = open_dir(work, kTree);
    if (!tree.valid()) return fail_errno("cannot open a directory of our own", errno);
    const bool archive = request.mode == Mode::dir || (request.mode == Mode::any && is_archive_name(source.name));
    if (archive) return unpack(file.get(), tree.get(), {request.max_bytes, request.max_entries});
    const std::size_t slash = request.destination.rfind('/');
    const std::string name = request.names_file ? request.destination.substr(slash + 1) : source.name;
    if (name.empty() || name == "." || name == "..")
        return fail(ErrorKind::invalid, "the source ends in no name for a file; write mode: file and a destination");
    ::fchmod(file.get(), 0755);
    if (::renameat(work, kDownload, tree.get(), name.c_str()) != 0)
        return fail_errno("cannot name the download", errno);
    return {};
}

// Where the contents of the tree go.
std::string target_of(const Request& request) {
    if (!request.names_file) return request.destination;
    const std::size_t slash = request.destination.rfind('/');
    return slash == std::string::npos ? "" : request.destination.substr(0, slash);
}

Result<void> fetch_into(const Request& request, const std::string& work_path, const UniqueFd& root) {
    const Result<Source> source = parse_source(request.source);
    if (!source) return tl::unexpected(source.error());
    const auto destination = os::clean_path(request.destination);
    if (!destination || *destination != request.destination)
        return fail(ErrorKind::invalid, "the destination is no clean path below the task's directory");
    for (const std::string& dir : {work_path, work_path + "/" + kTree})
        if (const auto made = os::make_dir(dir, 0700); !made) return tl::unexpected(made.error());
    const UniqueFd work = open_dir(root.get(), work_path);
    if (!work.valid()) return fail_errno("cannot open " + work_path, errno);
    const Deadline deadline(request.time);
    Result<void> done;
    if (source->scheme == Scheme::git) {
        if (request.mode == Mode::file || !request.checksum.empty())
            return fail(ErrorKind::invalid,
                        "a git repository is no file: it has no checksum, and its mode is any or dir");
        done = fetch_git(*source, request, deadline, work_path + "/" + kTree);
        if (done) done = inspect(open_dir(work.get(), kTree).get(), {request.max_bytes, request.max_entries});
    } else {
        done = fetch_file(request, *source, deadline, work.get());
    }
    if (!done) return done;
    const UniqueFd tree = open_dir(work.get(), kTree);
    const Result<UniqueFd> target = os::make_dirs_below(root.get(), target_of(request), 0777);
    if (!target) return tl::unexpected(target.error());
    return move_contents(tree.get(), target->get());
}

}  // namespace

Result<void> fetch(const Request& request) {
    const std::string work_path = marker(request) + ".part";
    ::umask(022);
    if (!os::is_plain_name(request.id)) return fail(ErrorKind::invalid, "the request's id is no plain name");
    const UniqueFd root = open_dir(AT_FDCWD, ".");
    if (!root.valid()) return fail_errno("cannot open the task's directory", errno);
    if (const auto removed = os::remove_tree(work_path); !removed) return removed;
    const Defer clean([&] { (void)os::remove_tree(work_path); });
    auto done = fetch_into(request, work_path, root);
    if (done) done = os::write_file_below(root.get(), marker(request), "", 0644, 0777);
    // Of the system's errors a full disk is the usual one; it may have room again.
    if (!done && done.error().kind == ErrorKind::io) return fail(ErrorKind::unavailable, done.error().message);
    return done;
}

}  // namespace drover::fetch
