using IntegrationHub.Host.Tests.Cli;

namespace IntegrationHub.Host.Tests.Plugins.Install;

/// <summary>Harmful and confusing packages, sent to a hub: by the API and by the command. Each is refused with its reason, and leaves nothing behind.</summary>
public sealed class HostileInstallTests(HostileInstallTests.Target target) : IClassFixture<HostileInstallTests.Target>
{
    private const int ExpandedBytes = 6_000_000;

    public static TheoryData<string, string> Packages
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var (name, says, _) in HostilePackageTests.Everything.Append(TotalBomb))
                data.Add(name, says);

            return data;
        }
    }

    // Many files, each harmless.
    private static (string Name, string Says, Func<MemoryStream> Build) TotalBomb => ("total bomb", $"unpacks to more than {ExpandedBytes} bytes", () =>
    {
        var zip = RawZip.Plugin("{}");
        for (var i = 0; i < 20; i++)
            zip.Add(new RawEntry($"f{i}") { Content = [.. Enumerable.Range(0, 400_000).Select(n => (byte)(n % 251 * (i + 1)))], Deflate = true });

        return zip.Build();
    });

    [Theory]
    [MemberData(nameof(Packages))]
    public async Task Install_HostilePackage_IsRefusedByApiAndCommandWithItsReason(string name, string says)
    {
        var (_, _, build) = HostilePackageTests.Everything.Append(TotalBomb).Single(one => one.Name == name);

        var answer = await target.Hub.InstallAsync(build());

        Assert.Equal(400, answer.Status);
        Assert.Equal("invalid_package", answer["code"]);
        Assert.Contains(answer.Json.GetProperty("errors").EnumerateArray(), error => error.GetProperty("message").GetString()!.Contains(says, StringComparison.Ordinal));
        Assert.DoesNotContain(target.Hub.Data, answer.Text, StringComparison.Ordinal);

        var file = Path.Combine(target.Folder, Guid.NewGuid().ToString("N") + ".zip");
        await File.WriteAllBytesAsync(file, build().ToArray());
        var command = await CliHarness.RunAsync(new() { ["HUB_URL"] = target.Hub.Address.ToString(), ["HUB_API_KEY"] = InstallHub.Key }, ["plugin", "install", file]);

        Assert.Equal(1, command.Code);
        Assert.Contains(says, command.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(command.Error, c => char.IsControl(c) && c is not ('\n' or '\r'));
        Assert.Empty(command.Out);

        var plugins = (await target.Hub.SendAsync("GET", "/api/plugins")).Json.GetProperty("items");
        Assert.Equal("operators", Assert.Single(plugins.EnumerateArray()).GetProperty("id").GetString());
        Assert.Equal([".staging"], Directory.GetFileSystemEntries(target.Hub.Installed).Select(Path.GetFileName));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(target.Hub.Installed, ".staging")));
    }

    [Fact]
    public async Task Install_IdOfAnotherPlugin_IsRefusedByTheCommandToo()
    {
        var file = Path.Combine(target.Folder, "operators.zip");
        await File.WriteAllBytesAsync(file, InstallHub.Package("operators", "9.0.0").ToArray());

        var command = await CliHarness.RunAsync(new() { ["HUB_URL"] = target.Hub.Address.ToString(), ["HUB_API_KEY"] = InstallHub.Key }, ["plugin", "install", file, "--json"]);

        Assert.Equal(3, command.Code);
        Assert.Equal(409, command.Json.GetProperty("error").GetProperty("status").GetInt32());
        Assert.Contains(target.Hub.OperatorsPlugin, command.Error, StringComparison.Ordinal);
    }

    /// <summary>One hub for all: what one package left behind would show at the next.</summary>
    public sealed class Target : IAsyncLifetime
    {
        internal InstallHub Hub { get; private set; } = null!;

        internal string Folder { get; } = Directory.CreateTempSubdirectory("hub-hostile-").FullName;

        public async Task InitializeAsync() => Hub = await InstallHub.StartAsync("--Hub:Plugins:MaxExpandedBytes", $"{ExpandedBytes}");

        public async Task DisposeAsync()
        {
            await Hub.DisposeAsync();
            Directory.Delete(Folder, recursive: true);
        }
    }
}
