using System.Globalization;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Benchmarks.Faults;

/// <summary>The disk is full, cannot be written, or has lost the end of the log.</summary>
internal static class DiskFaults
{
    public static async Task<FaultRow> FullAsync()
    {
        const string fault = "The disk is full (a tmpfs of 24 MB, filled up while webhooks come in)";
        var data = HubProcess.NewDataFolder();
        if ((await FaultStage.RunAsync("mount", "-t", "tmpfs", "-o", "size=24m,mode=0700", "tmpfs", data)).Code != 0)
            return new FaultRow(fault, "not tried: mounting is not permitted here", true);

        try
        {
            await using var receiver = await CrashReceiver.StartAsync(1);
            receiver.RefuseOneIn = int.MaxValue;
            await using var hub = await HubProcess.StartAsync(data);
            var connection = await hub.CreateStripeConnectionAsync();
            await hub.SubscribeAsync("stripe.**", receiver.Address);
            var stage = new FaultStage();
            await stage.SendAsync(hub, connection, 200);

            var free = new DriveInfo(data).AvailableFreeSpace;
            var ballast = Path.Combine(data, "ballast");
            await File.WriteAllBytesAsync(ballast, new byte[Math.Max(0, free - (256 * 1024))]);
            for (var round = 0; round < 100 && !stage.Answers.Keys.Any(answer => answer.StartsWith("50", StringComparison.Ordinal)); round++)
                await stage.SendAsync(hub, connection, 50);

            // What was left over is taken as well until nothing fits any more, and the hub says so (what it knows of its storage, it asks once a second).
            await FaultStage.UntilAsync(
                async () =>
                {
                    await FillAsync(ballast);
                    await stage.SendAsync(hub, connection, 20);
                    return await FaultStage.ReadyAsync(hub) == 503;
                },
                TimeSpan.FromSeconds(30));
            var whileFull = stage.Told();
            var ready = await FaultStage.ReadyAsync(hub);
            using var api = await hub.Client.GetAsync(new Uri("/api/events?limit=1", UriKind.Relative));
            using var write = await hub.Client.PostAsync(new Uri("/api/subscriptions", UriKind.Relative), new StringContent("""{"pattern":"x.**","target":{"kind":"webhook","url":"http://127.0.0.1:9/"}}""", System.Text.Encoding.UTF8, "application/json"));

            File.Delete(ballast);
            var recovered = await FaultStage.UntilReadyAsync(hub);
            stage.Answers.Clear();
            await stage.SendAsync(hub, connection, 100);
            var missing = await stage.MissingAsync(receiver, TimeSpan.FromSeconds(60));
            var (lost, twice) = await stage.CountAsync(hub);
            await hub.StopAsync();
            var integrity = HubDatabase.Integrity(data);
            return new FaultRow(
                fault,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"webhooks: {whileFull}; /health/ready {ready}, reading the API {(int)api.StatusCode}, writing to it {(int)write.StatusCode}. Room made: ready again after {recovered.TotalSeconds:0.0} s without a restart, then {stage.Told()}. Acknowledged {stage.Acknowledged.Count}: lost {lost}, stored twice {twice}, not delivered {missing}, doubled deliveries {FaultStage.Doubled(receiver)}; database {integrity}"),
                lost == 0 && twice == 0 && missing == 0 && integrity == "ok" && ready == 503 && write.StatusCode == System.Net.HttpStatusCode.ServiceUnavailable && stage.Answers.Keys.All(answer => answer == "200")
                    && whileFull.Contains("503 with", StringComparison.Ordinal) && !whileFull.Contains("500", StringComparison.Ordinal) && !whileFull.Contains("without", StringComparison.Ordinal));
        }
        finally
        {
            await FaultStage.RunAsync("umount", "-l", data);
            Directory.Delete(data);
        }
    }

    private static async Task FillAsync(string ballast)
    {
        try
        {
            await using var file = new FileStream(ballast, FileMode.Append);
            await file.WriteAsync(new byte[new DriveInfo(Path.GetDirectoryName(ballast)!).AvailableFreeSpace]);
        }
        catch (IOException)
        {
            // The hub was quicker: there is less room than there was, which is what it is about.
        }
    }

    public static async Task<FaultRow> ReadOnlyAsync()
    {
        const string fault = "The data folder becomes read-only while the hub runs (chattr +i on database and log), and is read-only at a start";
        var data = HubProcess.NewDataFolder();
        var files = new[] { Path.Combine(data, "hub.db"), Path.Combine(data, "hub.db-wal") };
        try
        {
            await using var receiver = await CrashReceiver.StartAsync(2);
            receiver.RefuseOneIn = int.MaxValue;
            var stage = new FaultStage();
            var told = "";
            var ready = 0;
            var (lost, twice, missing) = (0, 0, 0);
            TimeSpan recovered;
            await using (var hub = await HubProcess.StartAsync(data))
            {
                var connection = await hub.CreateStripeConnectionAsync();
                await hub.SubscribeAsync("stripe.**", receiver.Address);
                await stage.SendAsync(hub, connection, 100);
                if ((await FaultStage.RunAsync("chattr", ["+i", .. files])).Code != 0)
                    return new FaultRow(fault, "not tried: chattr is not permitted here", true);

                await stage.SendAsync(hub, connection, 200);
                await FaultStage.UntilAsync(async () => await FaultStage.ReadyAsync(hub) == 503, TimeSpan.FromSeconds(10));
                (told, ready) = (stage.Told(), await FaultStage.ReadyAsync(hub));
                await FaultStage.RunAsync("chattr", ["-i", .. files]);
                recovered = await FaultStage.UntilReadyAsync(hub);
                stage.Answers.Clear();
                await stage.SendAsync(hub, connection, 100);
                missing = await stage.MissingAsync(receiver, TimeSpan.FromSeconds(60));
                (lost, twice) = await stage.CountAsync(hub);
                await hub.StopAsync();
            }

            // As the system mounts a damaged disk.
            await FaultStage.RunAsync("mount", "--bind", data, data);
            await FaultStage.RunAsync("mount", "-o", "remount,ro,bind", data);
            var start = "it started";
            try
            {
                await using var other = await HubProcess.StartAsync(data);
            }
            catch (InvalidOperationException exception)
            {
                start = exception.Message.Split('\n').Select(line => line.Trim()).LastOrDefault(line => line.Length > 0) ?? "";
            }

            return new FaultRow(
                fault,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"webhooks: {told}; /health/ready {ready}. Writable again: ready after {recovered.TotalSeconds:0.0} s without a restart, then {stage.Told()}. Acknowledged {stage.Acknowledged.Count}: lost {lost}, stored twice {twice}, not delivered {missing}, doubled deliveries {FaultStage.Doubled(receiver)}. A start with a read-only folder ends at once: \"{start.Replace(data, "…", StringComparison.Ordinal)}\""),
                lost == 0 && twice == 0 && missing == 0 && ready == 503 && told.Contains("503 with", StringComparison.Ordinal) && !told.Contains("500", StringComparison.Ordinal) && start != "it started");
        }
        finally
        {
            await FaultStage.RunAsync("umount", "-l", data);
            await FaultStage.RunAsync("chattr", ["-i", .. files.Where(File.Exists)]);
            Directory.Delete(data, recursive: true);
        }
    }

    /// <summary>What a disk that lies about having written, or a controller that dies, leaves behind.</summary>
    public static async Task<IReadOnlyList<FaultRow>> TornLogAsync()
    {
        var rows = new List<FaultRow>();
        foreach (var (what, damage, mayLose) in new (string, Action<FileStream>, bool)[]
        {
            ("garbage after its end", file => file.Write(Enumerable.Range(0, 5000).Select(i => (byte)(i * 7)).ToArray().AsSpan()), false),
            ("its last 1,000 bytes cut off", file => file.SetLength(file.Length - 1000), true),
            ("one byte of its last page flipped", file => Flip(file, file.Length - 100), true),
            ("one byte in its middle flipped", file => Flip(file, file.Length / 2), true),
        })
            rows.Add(await TornAsync(what, damage, mayLose));

        return rows;
    }

    private static async Task<FaultRow> TornAsync(string what, Action<FileStream> damage, bool mayLose)
    {
        var data = HubProcess.NewDataFolder();
        await using var receiver = await CrashReceiver.StartAsync(3);
        receiver.RefuseOneIn = int.MaxValue;
        var stage = new FaultStage();
        string connection;
        await using (var hub = await HubProcess.StartAsync(data))
        {
            connection = await hub.CreateStripeConnectionAsync();
            await stage.SendAsync(hub, connection, 300);
            await hub.KillAsync();
        }

        var log = Path.Combine(data, "hub.db-wal");
        await using (var file = new FileStream(log, FileMode.Open, FileAccess.ReadWrite))
        {
            file.Seek(0, SeekOrigin.End);
            damage(file);
        }

        await using var again = await HubProcess.StartAsync(data);
        var (lost, twice) = await stage.CountAsync(again);
        var acknowledged = stage.Acknowledged.Count;

        // What the provider would do with what it finds missing: send it again. What is known is a repetition.
        stage.Answers.Clear();
        foreach (var id in stage.Acknowledged)
            await stage.SendOneAsync(again, connection, id);

        var (after, doubled) = await stage.CountAsync(again);
        await again.StopAsync();
        var integrity = HubDatabase.Integrity(data);
        again.DeleteData();
        return new FaultRow(
            $"The end of the log (`hub.db-wal`) is damaged after a kill: {what}",
            string.Create(
                CultureInfo.InvariantCulture,
                $"starts by itself; database {integrity}. Of {acknowledged} acknowledged events {acknowledged - lost} are there, {lost} were in the damaged commits and are gone with them, none twice ({twice}). All sent again: {stage.Told()}; missing then {after}, twice {doubled}"),
            integrity == "ok" && twice == 0 && after == 0 && doubled == 0 && (mayLose || lost == 0));
    }

    private static void Flip(FileStream file, long at)
    {
        file.Seek(at, SeekOrigin.Begin);
        var value = file.ReadByte();
        file.Seek(at, SeekOrigin.Begin);
        file.WriteByte((byte)(value ^ 0xFF));
    }
}
