// libcurl for Swift: typed wrappers for the variadic calls, which Swift can't import.
#pragma once

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
