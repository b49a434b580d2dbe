// drover version
#include "cli/verb.hpp"
#include "host/config.hpp"

namespace drover::cli {

void add_version(CLI::App& root, Session& session) {
    add_verb(root, session, "version", "print the version", "drover version", [&session] {
        if (!session.print_json({{"version", host::version()}})) session.out("drover " + host::version() + "\n");
        return kOk;
    });
}

}  // namespace drover::cli
