using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace IntegrationHub.Host.Hosting;

/// <summary>
/// Speaks sd_notify(3) over the datagram socket named by <c>NOTIFY_SOCKET</c>: <c>READY=1</c>, <c>STOPPING=1</c>, and <c>WATCHDOG=1</c> at half of <c>WATCHDOG_USEC</c>
/// while the storage answers. Does nothing where systemd is not the parent.
/// </summary>
internal sealed partial class SystemdNotifier(
    HubHealth health, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<SystemdNotifier> logger, Func<string, string?> variable) : BackgroundService
{
    private readonly string? socket = variable("NOTIFY_SOCKET");

    public SystemdNotifier(HubHealth health, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<SystemdNotifier> logger)
        : this(health, lifetime, time, logger, Environment.GetEnvironmentVariable)
    {
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        Notify("STOPPING=1\nSTATUS=Draining");
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (string.IsNullOrEmpty(socket))
            return;

        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (lifetime.ApplicationStarted.Register(started.SetResult))
            await started.Task.WaitAsync(stoppingToken);

        Notify("READY=1\nSTATUS=Serving");
        if (WatchdogInterval() is not { } interval)
            return;

        using var timer = new PeriodicTimer(interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            if (await health.IsReadyAsync(stoppingToken))
                Notify("WATCHDOG=1");
    }

    /// <summary>Half of what systemd waits, when the watchdog is meant for this process (sd_watchdog_enabled(3)).</summary>
    private TimeSpan? WatchdogInterval()
    {
        var pid = variable("WATCHDOG_PID");
        if (!string.IsNullOrEmpty(pid) && pid != Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
            return null;

        return long.TryParse(variable("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds) && microseconds > 0
            ? TimeSpan.FromMicroseconds(microseconds / 2.0)
            : null;
    }

    private void Notify(string state)
    {
        if (string.IsNullOrEmpty(socket))
            return;

        try
        {
            // An @ stands for the NUL of Linux's abstract socket names.
            using var datagram = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            datagram.SendTo(Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(socket[0] == '@' ? "\0" + socket[1..] : socket));
        }
        catch (SocketException exception)
        {
            Log.NotifyFailed(logger, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2011, LogLevel.Warning, "systemd could not be notified")]
        public static partial void NotifyFailed(ILogger logger, Exception exception);
    }
}
