// Which C and C++ functions are the platform's, so that the first frame of interest is someone's own code.
// Must never read a line; it judges names and modules only.
import { words } from './trace-language.ts';

/** Functions whose whole name marks them as the platform's: how programs start, die, allocate, copy and compare. */
const EXACT = new Set(
  words(`
    _start __start start_thread clone3 __clone pthread_start _pthread_start _pthread_body abort raise gsignal tgkill
    pthread_kill __pthread_kill __pthread_kill_implementation __pthread_kill_internal _exit __restore_rt __assert_fail
    __assert_fail_base __assert __assert2 __assert_rtn _assert _wassert __assert_perror_fail __android_log_assert
    __libc_android_abort __libc_message __libc_fatal __fortify_fail __fortify_chk_fail __stack_chk_fail __chk_fail
    __libc_start_main __libc_start_call_main __libc_start_main_impl __libc_init __libc_csu_init malloc_printerr malloc calloc
    realloc reallocarray free cfree valloc memalign posix_memalign aligned_alloc _int_malloc _int_free memcpy memmove memset
    memcmp bcmp memchr memrchr mempcpy bcopy bzero strlen strnlen strcpy strncpy strcat strncat strcmp strncmp strcasecmp
    strncasecmp strchr strrchr strstr strdup strndup strtol strtok wcslen wcscpy printf fprintf sprintf snprintf vprintf
    vfprintf vsprintf vsnprintf atoi atol strtoul strtod __syscall __kernel_vsyscall BaseThreadInitThunk RtlUserThreadStart
    RtlInitializeExceptionChain RaiseException KiUserExceptionDispatcher UnhandledExceptionFilter mainCRTStartup
    WinMainCRTStartup wmainCRTStartup invoke_main __scrt_common_main __scrt_common_main_seh LLVMFuzzerTestOneInput
    LLVMFuzzerRunDriver HonggfuzzRunOneInput HonggfuzzMain runtime.sigpanic rust_fuzzer_test_input operator()
    CrashTrampolineAsm __crash_trampoline rust_panic ReportUnimplementedFunction ImmediateCrash BreakDebugger
    BreakDebuggerAsyncSafe __cxa_pure_virtual __cxa_rethrow __cxa_throw __cxa_bad_cast
  `),
);

/** Names that a program may well use itself: the platform's only where no source of the program's stands beside them. */
const COMMON = new Set(
  words(
    'read write open close recv send exit kill fatal ioctl syscall fputs puts backtrace dump_stack print_backtrace logging_fatal qsort bsearch clone thread_start main_thread',
  ),
);

/** Beginnings of the names of runtimes: sanitizers, C++ libraries, allocators, checks and logs that end a program, fuzzing harnesses. */
const PREFIXES: readonly string[] = [
  'operator new',
  'operator delete',
  ...words(`
    __kasan kasan_ print_address_description __asan __msan __tsan __ubsan __hwasan __lsan __sanitizer __interceptor ___interceptor __memprof __cfi __dfsan _asan_ asan_
    wrap_ __wrap_ __aeabi_ __GI_ __libc_ __new_ __mem __str __bionic __builtin __pthread _IO_ _pei386 __strl __cxa_
    __cxxabiv1:: _Unwind_ __gcc_personality std:: __gnu_cxx:: __gnu_debug:: boost::detail __rust_ rust_begin_unwind
    core::panicking std::panicking fuzzer:: panic_abort:: absl::cleanup_internal absl::Cleanup fuzztest:: centipede::
    testing:: jazzer libfuzzer logging:: google::LogMessage google::logging google::DumpStack absl::log_internal
    absl::base_internal absl::raw_log base::debug:: base::internal::check CheckOpResult V8_Fatal V8_Dcheck V8_DCheck
    v8::base::OS::Abort v8::base::FatalImpl v8::Utils::ReportApiFailure v8::internal::V8::FatalProcessOutOfMemory tcmalloc::
    je_ partition_alloc:: base::Partition base::allocator allocator_shim:: base::ImmediateCrash base::UncheckedMalloc
    base::internal::Partition FX_OutOfMemory pdfium::base::TerminateBecauseOutOfMemory WTF:: scoped_refptr folly::detail ntdll
    kernel32 KERNELBASE _CxxThrowException _purecall _invoke_watson _objc_ objc_ -[NSException +[NSException swift_ _swift_
    mi_malloc mi_free mi_heap
  `),
];

/** Windows' native calls: `NtWaitForSingleObject`, `RtlUserThreadStart`. */
const WINDOWS_CALL = /^(?:Nt|Zw|Ki|Rtl)[A-Z][a-z]/;

/** Sanitizers' own functions, with any number of underscores before. */
const RUNTIME_WORD = /^_{0,4}(?:asan|msan|tsan|ubsan|lsan|hwasan|dfsan|sanitizer|interceptor|wrap)_/;

/** Functions that end a program on another's behalf say so at the end of their names. */
const THROW_HELPER =
  /(?:Fatal(?:Error)?|AndDie|[aA]bort(?:_message|ed)?|[tT]erminate_?[hH]andler|[cC]heck_?[fF]ail(?:ed|ure)?|[aA]ssert(?:ion)?_?[fF]ail(?:ed|ure)?|OutOfMemory|Break(?:Into)?Debugger(?:AsyncSafe)?|ToLocalEmpty)$/;

/** True for a function of the platform, the C and C++ libraries, a sanitizer, an allocator or the code that ends a program. */
export function isNativeRuntime(name: string, hasSource: boolean): boolean {
  const bare = name.replace(/^(?:void|bool|int|char|long|unsigned|auto|static|virtual|const) /, '').replace(/^(?:abi:\w+ )?::/, '');
  if (EXACT.has(bare) || EXACT.has(bare.replace(/(?:@@?[\w.]+|\.(?:part|cold|isra|constprop|llvm)[.\w]*)$/, ''))) return true;
  if (!hasSource && COMMON.has(bare)) return true;
  if (bare.startsWith('<') || bare === '??') return true;
  if (
    RUNTIME_WORD.test(bare) ||
    WINDOWS_CALL.test(bare) ||
    THROW_HELPER.test(bare) ||
    bare.includes('LogMessage') ||
    isNativePlatformModule(bare)
  )
    return true;
  return PREFIXES.some((prefix) => bare.startsWith(prefix));
}

/** True for a shared object of the platform: libc, the loader, the C++ library, the threads library. */
export function isNativePlatformModule(module: string): boolean {
  const slash = Math.max(module.lastIndexOf('/'), module.lastIndexOf('\\'));
  const base = module.slice(slash + 1).toLowerCase();
  return /^(?:libc|libm|libpthread|libdl|librt|ld|ld-linux|ld-musl|libstdc\+\+|libc\+\+|libgcc_s|libasan|libubsan|libtsan|linux-vdso|linux-gate|ntdll|kernel32|kernelbase|ucrtbase|msvcrt)(?:[-._].{0,60})?$/.test(
    base,
  );
}
