#include "driver-manager/shell/node_id.hpp"

#include "base/hash.hpp"
#include "os/files.hpp"

namespace drover::driver_manager {
namespace {

constexpr std::size_t kDigits = 16;

}  // namespace

Result<std::string> node_id(const std::string& data_dir, const std::string& wanted) {
    const std::string path = data_dir + "/node_id";
    if (os::exists(path)) {
        auto text = os::read_file(path, 256);
        if (!text) return tl::unexpected(text.error());
        while (!text->empty() && text->back() == '\n') text->pop_back();
        if (os::is_plain_name(*text)) return *text;
        return fail(ErrorKind::corrupt, path +
                                            " does not hold a node's id; put back the id that this node had, or "
                                            "remove the file to make it a new node");
    }
    const std::string id = wanted.empty() ? random_hex(kDigits) : wanted;
    if (!os::is_plain_name(id))
        return fail(ErrorKind::invalid,
                    "the id \"" + id + "\" cannot be a node's id: use letters, digits, '-' and '_'");
    const auto written = os::write_file_atomic(path, id + "\n", 0600, os::Durable::yes);
    if (!written) return tl::unexpected(written.error());
    return id;
}

}  // namespace drover::driver_manager
