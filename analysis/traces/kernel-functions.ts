// Which kernel functions say nothing of what went wrong: reporting, instrumentation, allocators, locks, entry code.
// Must never read a line; it judges names only.
import { words } from './trace-language.ts';

/** Beginnings of the names of helpers, by what they do. */
const PREFIXES: readonly string[] = [
  // Reporting and dying.
  ...words(`
    sched_show_task _sched_show_task arch_trigger_cpumask trigger_ dump_cpu_task rcu_dump_cpu rcu_gp_ check_cpu_stall rcu_pending
    scheduler_tick sched_tick __panic do_bad_area __phys_addr rust_helper rust_begin program_check walk_stackframe get_wchan
    __get_wchan dump_stack __dump_stack dump_backtrace show_stack show_regs show_trace print_ check_panic_on_warn __warn warn_
    report_bug report_error handle_bug fixup_bug bug_handler brk_handler call_break_hook do_debug_exception __die oops_
    bust_spinlocks end_report vpanic nmi_panic _printk printk vprintk __printk`),
  // Exception entry.
  ...words(`
    do_error_trap do_trap do_invalid_op invalid_op exc_ asm_exc_ error_entry general_protection do_general_protection page_fault
    async_page_fault do_page_fault __do_page_fault do_user_addr_fault handle_page_fault spurious_kernel_fault do_kern_addr_fault
    bad_area __bad_area no_context page_fault_oops kernelmode_fixup handle_pte_fault do_mem_abort do_translation_fault
    __do_kernel_fault die_kernel_fault el0_ el1_ el0t_ el1h_ do_DataAbort __dabt_ __irq_svc __und_ do_undefinstr double_fault
    do_double_fault divide_error do_divide_error stack_segment entry_SYSCALL entry_INT80 entry_SYSENTER do_syscall_
    do_fast_syscall do_int80 __do_fast_syscall ret_from_ ret_fast_ ret_to_user system_call tracesys syscall_return invoke_syscall
    el0_svc x64_sys_call kthread worker_thread process_one_work process_scheduled_works start_secondary secondary_startup
    apic_timer_interrupt smp_apic sysvec_ __sysvec asm_sysvec instr_sysvec irq_exit __irq_exit do_softirq __do_softirq
    handle_softirqs invoke_softirq run_ksoftirqd smpboot_thread common_interrupt do_IRQ handle_irq handle_IRQ generic_handle
    __handle_irq gic_handle el1_irq call_on_stack call_on_irq softirqs_ syscall_exit exit_to_user exit_to_usermode
    prepare_exit_to_usermode irqentry_ end_repeat_nmi default_do_nmi do_nmi handle_domain_irq arch_call_rest_init x86_64_start
    local_bh_enable __local_bh_enable do_softirq_own_stack run_timer_softirq __run_timers call_timer_fn expire_timers
    __hrtimer_run hrtimer_interrupt hrtimer_run __run_hrtimer local_apic_timer __sys_ __se_sys __x64_sys __ia32_ __do_sys
    __arm64_sys SYSC_ SyS_ compat_SyS C_SYSC`),
  // Sanitizers, coverage and debugging aids.
  ...words(`
    kasan_ __kasan kmsan_ __kmsan __msan kcsan_ __kcsan __tsan __asan ubsan_ __ubsan check_memory_region check_region
    memory_is_poisoned kcov_ __sanitizer write_comp_data __cfi stack_trace save_stack __save_stack save_trace stack_depot depot_
    unwind_ __unwind arch_stack_walk set_track debug_object __debug_object debug_print_object debug_check_no __debug_check
    debug_mutex debug_spin debug_lockdep ldsem_ __ldsem stack_trace_consume aesti_ debug_dma check_flags trace_ __trace ftrace_
    mcount function_trace check_preemption debug_smp_processor __this_cpu_preempt ___might_sleep __might_ might_sleep
    __schedule_bug __read_once check_stack __stack_chk check_unmap`),
  // Memory and strings.
  ...words(`
    vsnprintf vscnprintf snprintf scnprintf sprintf vsprintf string_nocheck format_decode read_word_at_a_time crc16 crc32
    copy_to_iter simple_copy_to_iter _copy_to_iter memdup_user _atomic_dec aes_ crypto_ memcpy __memcpy memset __memset memmove
    __memmove memcmp __memcmp memchr memscan str __str copy_from_ copy_to_ _copy_ __copy_ copy_user raw_copy rep_movs clear_user
    __clear_user copy_page clear_page __get_user __put_user __check_object_size usercopy_ check_heap_object __check_heap
    check_copy_size report_usercopy kmalloc __kmalloc kzalloc kcalloc kfree __kfree kvfree kvmalloc krealloc __do_krealloc
    kmem_cache __kmem_cache kmemdup kmemleak kstrdup slab_ create_object dev_alloc netdev_alloc napi_alloc ___kmalloc sock_kmalloc
    sock_kzalloc kvasprintf kasprintf alloc_inode alloc_vmap __alloc_ alloc_page getname __slab ___slab do_slab new_slab
    allocate_slab alloc_slab cache_alloc cache_free ___cache __cache cache_grow cache_flusharray qlist_ quarantine_ __do_kmalloc
    __do_cache ____cache alloc_pages __alloc_pages get_page_from_freelist __free_pages free_pages free_unref __get_free_page
    __vmalloc vmalloc vzalloc vfree __vunmap __vfree object_err free_debug __free_slab discard_slab rcu_free_slab post_alloc
    prep_new check_slab devm_k free_to_partial alloc_percpu pcpu_alloc __alloc_percpu should_fail fail_dump __should_fail
    alloc_skb __alloc_skb kfree_skb __kfree_skb consume_skb skb_release __netdev_alloc slob_ mempool_`),
  // Locks, waiting and scheduling.
  ...words(`
    _raw_ __raw_ do_raw_ native_queued queued_ pv_wait pv_queued __pv_ pvqspinlock spin_ __spin raw_spin read_lock write_lock
    mutex_ __mutex __ww_mutex ww_mutex down_ __down up_read up_write __up_ rwsem_ __rwsem percpu_down __percpu_down percpu_up
    percpu_rwsem rt_mutex __rt_mutex rt_spin rtlock lock_acquire __lock_acquire lock_release __lock_release lock_ __lock_ lockdep
    __lockdep validate_chain check_prev check_prevs check_noncircular check_deadlock check_irq check_usage check_wait_context
    mark_lock mark_held mark_usage register_lock assign_lock look_up_lock reacquire_held __bfs debug_locks might_fault osq_ mcs_
    arch_spin arch_local bit_spin seqcount do_write_seqcount schedule __schedule io_schedule preempt_ __preempt __cond_resched
    _cond_resched context_switch __switch_to switch_to wait_for_common __wait_for_common do_wait_for wait_for_completion
    wait_on_bit __wait_on_bit out_of_line_wait bit_wait wait_on_page __wait_on_page prepare_to_wait wait_woken __wait_rcu wait_rcu
    msleep usleep finish_task ttwu_ try_to_wake __wake_up csd_lock generic_exec rcu_lock rcu_read __rcu_read rcu_barrier rcu_note
    rcu_check rcu_sched rcu_core rcu_process rcu_do_batch update_process_times tick_ timer_ watchdog is_hardlockup touch_nmi`),
  // Reference counts, lists, atomics and other shared mechanisms.
  ...words(`
    refcount_ __refcount kref_ atomic_ arch_atomic __atomic atomic64 raw_atomic test_bit _test_bit test_and_ set_bit clear_bit
    constant_test variable_test variable_ffs instrument_ list_ __list_ hlist_ __hlist xchg cmpxchg percpu_ref csum_partial do_csum
    paravirt_ cpu_relax arch_irq arch_safe_halt default_idle cpu_idle cpu_startup do_idle rest_init start_kernel_thread notifier_
    __hash hash_ fortify_panic __fortify del_timer try_to_del_timer mod_timer __mod_timer add_timer detach_timer init_timer
    flush_work_ __flush_work start_flush_work cancel_work __cancel_work kobject_ kset_ sysfs_ skb_panic skb_over_panic
    skb_under_panic skb_push __skb_push skb_pull __skb_pull skb_put __skb_put finish_wait klist_ device_add device_del
    device_register device_unregister rollback_registered unregister_netdev usb_start_wait usb_bulk_msg usb_control_msg add_uevent
    __kobject __x86_indirect __x86_return exiting_irq irq_enter cancel_delayed drain_workqueue destroy_workqueue flush_work
    flush_workqueue flush_delayed device_destroy kill_fasync __kill_fasync rcu_is rcu_dyn fast_dput folio_unlock unlock_page
    __might_fault kernel_fpu_begin idr_ ida_ radix_tree rb_ __rb_ xa_ xas_ __xa_ bitmap_ find_first find_next _find_ ptr_ siphash
    jhash ihold get_device put_device usb_submit_urb proc_sys_call_handler call_rcu __call_rcu queue_work __queue_work
    delayed_work bug_at stub_ dev_err netdev_err dump_page bad_page free_page_is_bad __bug`),
];

/** Helpers whose name is another's beginning. */
const EXACT = new Set(
  words(
    'die down panic halt complete nmi iput dput fast_dput __switch_to do_idle down_common getname page_fault async_page_fault strlen number string',
  ),
);

/** Subsystems whose functions begin like a helper's: stream parser, IP sets, crypto sockets, tracing, LRU lists, USB over IP. */
const MEANINGFUL: readonly string[] = words(
  'strp_ stream_ string_to stub_probe stub_disconnect str_to hash_ip hash_net hash_mac hash_accept hash_sendmsg hash_recvmsg hash_setkey trace_array list_lru lock_two lock_mount lock_rename timer_create timer_settime atomic_open memory_',
);

/** Prefixes by their first three characters: reports hold hundreds of frames. */
const BY_START = Map.groupBy(PREFIXES, (prefix) => prefix.slice(0, 3));

/** True for a function that only carries a failure: it reports, instruments, allocates, locks, waits or enters the kernel. */
export function isKernelHelper(name: string): boolean {
  if (EXACT.has(name)) return true;
  if (BY_START.get(name.slice(0, 3))?.some((prefix) => name.startsWith(prefix)) !== true) return false;
  return !MEANINGFUL.some((prefix) => name.startsWith(prefix));
}

/** `logfs_init_inode.isra.6` → `logfs_init_inode`: what the compiler appended when it split or specialised a function. */
export function plainKernelName(name: string): string {
  return name.replace(/(?:\.(?:isra|constprop|part|cold|llvm|cfi|cfi_jt|lto_priv)(?:\.\d{1,20})?){1,4}$/, '');
}
