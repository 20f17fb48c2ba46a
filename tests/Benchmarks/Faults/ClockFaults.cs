using System.Globalization;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Benchmarks.Faults;

/// <summary>The wall clock jumps by an hour, forth and back (libfaketime; the monotonic clock goes on, as it does when a clock is set).</summary>
internal static class ClockFaults
{
    private static readonly string[] Libraries = ["/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1"];

    public static async Task<FaultRow> JumpsAsync()
    {
        const string fault = "The clock jumps an hour ahead and back again, twice, while deliveries are under way to a subscriber that takes 1.5 s for each and refuses one in ten";
        if (Libraries.FirstOrDefault(File.Exists) is not { } library)
            return new FaultRow(fault, "not tried: libfaketime is not installed", true);

        var data = HubProcess.NewDataFolder();
        var clock = Path.Combine(data, "clock");
        await SetAsync(clock, TimeSpan.Zero);
        await using var receiver = await CrashReceiver.StartAsync(4);
        receiver.RefuseOneIn = 10;
        receiver.Pause = TimeSpan.FromSeconds(1.5);
        await using var hub = await HubProcess.StartAsync(data, variables: new Dictionary<string, string>
        {
            ["LD_PRELOAD"] = library, ["FAKETIME_TIMESTAMP_FILE"] = clock, ["FAKETIME_NO_CACHE"] = "1", ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1", ["FAKETIME_DONT_RESET"] = "1",
            ["HUB_DELIVERY__SCHEDULE__0"] = "00:00:01", ["HUB_DELIVERY__SCHEDULE__1"] = "00:00:01", ["HUB_DELIVERY__SCHEDULE__2"] = "00:00:01", ["HUB_DELIVERY__SCHEDULE__3"] = "00:00:01",
        });
        var connection = await hub.CreateStripeConnectionAsync();
        await hub.SubscribeAsync("stripe.**", receiver.Address);
        var stage = new FaultStage();
        var ids = new List<string>();
        foreach (var ahead in (TimeSpan[])[TimeSpan.Zero, TimeSpan.FromHours(1), TimeSpan.Zero, TimeSpan.FromHours(1), TimeSpan.Zero])
        {
            await SetAsync(clock, ahead);
            stage.Ahead = ahead;
            var before = stage.Acknowledged;
            await stage.SendAsync(hub, connection, 12);
            var sent = stage.Acknowledged.Except(before).ToList();
            ids.AddRange(stage.Acknowledged.Except(ids).Take(3).ToList());

            // What came before the jump is a repetition after it as well.
            foreach (var id in ids.ToList())
                await stage.SendOneAsync(hub, connection, id);

            // The next jump comes when each of these has reached the subscriber, who takes his time: the last ones are still under way then.
            await FaultStage.UntilAsync(() => Task.FromResult(!sent.Except(receiver.Arrivals().Select(arrival => arrival.ProviderEventId)).Any()), TimeSpan.FromSeconds(20));
        }

        var missing = await stage.MissingAsync(receiver, TimeSpan.FromSeconds(40));
        var pending = (await hub.ListAsync("/api/deliveries?status=pending")).Count;
        var late = "";
        if (missing > 0 || pending > 0)
        {
            // What was due by the clock that was ahead is due again when the clock gets there.
            await SetAsync(clock, TimeSpan.FromHours(1.1));
            var still = await stage.MissingAsync(receiver, TimeSpan.FromSeconds(60));
            late = $" {missing} waited for the hour to pass, since their next attempt had been set by the clock that was ahead; then {still} missing.";
            missing = still;
        }

        var (lost, twice) = await stage.CountAsync(hub);
        await hub.StopAsync();
        hub.DeleteData();
        return new FaultRow(
            fault,
            string.Create(
                CultureInfo.InvariantCulture,
                $"webhooks, signed by the hub's clock: {stage.Told()}. Acknowledged {stage.Acknowledged.Count}: lost {lost}, stored twice {twice}, not delivered {missing}.{late} Doubled deliveries {FaultStage.Doubled(receiver)} (leases end by the wall clock)"),
            lost == 0 && twice == 0 && missing == 0);
    }

    private static async Task SetAsync(string file, TimeSpan ahead)
    {
        // Moved into place: the library may read at any moment.
        await File.WriteAllTextAsync(file + ".new", string.Create(CultureInfo.InvariantCulture, $"+{ahead.TotalSeconds:0}\n"));
        File.Move(file + ".new", file, overwrite: true);
    }
}
