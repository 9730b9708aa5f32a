# Writes a header with the SHA-256 of everything that decides what a kernel's code is: the sources of jit/ and
# runtime/, and the version of LLVM. Usage: cmake -D ROOT=... -D LLVM_VERSION=... -D OUTPUT=... -P source_digest.cmake
file(GLOB_RECURSE sources RELATIVE ${ROOT} ${ROOT}/jit/*.[cdh]* ${ROOT}/runtime/*.[cdh]*)
list(SORT sources)
set(text "LLVM ${LLVM_VERSION}\n")
foreach(source ${sources})
  file(SHA256 ${ROOT}/${source} digest)
  string(APPEND text "${source} ${digest}\n")
endforeach()
string(SHA256 digest "${text}")
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#define RICCI_SOURCE_DIGEST \"${digest}\"\n")
