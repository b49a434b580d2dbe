// The status record on disk. Facts go here before they go anywhere else.
#pragma once

#include "protocol.h"

namespace drover::shim {

struct StatusFile {
    int fd = -1;
    ShimStatus record = {};
};

// Creates the file with both slots; false with errno, EEXIST when the incarnation already has one.
bool create_status(StatusFile* file, const char* id);

// Goes on with the file that an earlier supervisor of this incarnation has left; false when it is damaged or final.
bool resume_status(StatusFile* file, const char* id);

// Writes the record as its next generation. With `durable` it survives a power loss once this has returned.
bool save_status(StatusFile* file, bool durable);

}  // namespace drover::shim
