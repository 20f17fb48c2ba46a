using System.Runtime.Versioning;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Secrets;

public sealed class KeyFileSourceTests : IDisposable
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), "hub-test-" + Guid.NewGuid().ToString("N"));

    private string KeyFile => Path.Combine(folder, KeyFileSource.FileName);

    private static CancellationToken None => CancellationToken.None;

    [Theory]
    [InlineData("not base64!", "not base64")]
    [InlineData("c2hvcnQ=", "5 bytes")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "36 bytes")]
    public async Task Setting_IsNoKey_SaysWhatItMustBe(string setting, string says)
    {
        var fault = await Assert.ThrowsAsync<MasterKeyException>(() => new SettingKeySource(setting).LoadAsync(None));

        Assert.Contains(says, fault.Message, StringComparison.Ordinal);
        Assert.Contains("HUB_MASTER_KEY", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(setting, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_NoFile_IsEmptyAndMakesNothing()
    {
        Assert.Empty(await Source().LoadAsync(None));
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task Make_First_IsAFileThatTheNextStartReads()
    {
        var made = await Source().MakeAsync(None);

        Assert.Equal(made.Id, Assert.Single(await Source().LoadAsync(None)).Id);
        Assert.Equal([KeyFile], Directory.GetFiles(folder));
    }

    [Fact]
    public async Task Make_Another_IsFirstAndTheFormerStaysUntilItIsRetired()
    {
        var first = await Source().MakeAsync(None);
        var second = await Source().MakeAsync(None);
        var third = await Source().MakeAsync(None);

        Assert.Equal([third.Id, second.Id, first.Id], (await Source().LoadAsync(None)).Select(key => key.Id));

        Assert.Empty(await Source().RetireAsync([first.Id, third.Id, "0000000000000000"], None));

        // The first is in use, whoever asks.
        Assert.Equal([third.Id, second.Id], (await Source().LoadAsync(None)).Select(key => key.Id));
        Assert.Equal([KeyFile], Directory.GetFiles(folder));
    }

    [Fact]
    public async Task Load_FileOfAnEarlierVersion_IsOneLine()
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(KeyFile, SomeMasterKey.Text(7) + "\n");
        Protect();

        Assert.Equal(SomeMasterKey.Of(7).Id, Assert.Single(await Source().LoadAsync(None)).Id);
    }

    [SkippableFact]
    [UnsupportedOSPlatform("windows")]
    public async Task Make_File_IsForItsOwnerOnly()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no file modes.");
        await Source().MakeAsync(None);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));

        await Source().MakeAsync(None);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
    }

    [SkippableTheory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    [UnsupportedOSPlatform("windows")]
    public async Task Load_FileOpenToOthers_IsRefused(UnixFileMode mode)
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no file modes.");
        await Source().MakeAsync(None);
        File.SetUnixFileMode(KeyFile, File.GetUnixFileMode(KeyFile) | mode);

        var fault = await Assert.ThrowsAsync<MasterKeyException>(() => Source().LoadAsync(None));

        Assert.Contains($"chmod 600 '{KeyFile}'", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# a comment\n\n")]
    [InlineData("garbage")]
    public async Task Load_DamagedFile_IsRefusedAndKept(string content)
    {
        await Source().MakeAsync(None);
        await File.WriteAllTextAsync(KeyFile, content);

        var fault = await Assert.ThrowsAsync<MasterKeyException>(() => Source().LoadAsync(None));
        await Assert.ThrowsAsync<MasterKeyException>(() => Source().MakeAsync(None));

        Assert.Contains(KeyFile, fault.Message, StringComparison.Ordinal);
        Assert.Equal(content, await File.ReadAllTextAsync(KeyFile));
    }

    [Fact]
    public async Task Make_FolderCannotBeMade_SaysSo()
    {
        await File.WriteAllTextAsync(folder, "in the way");

        var fault = await Assert.ThrowsAsync<MasterKeyException>(() => Source().MakeAsync(None));

        Assert.Contains(folder, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Setting_CannotBeMadeOrRemovedByTheHub()
    {
        var source = new SettingKeySource(SomeMasterKey.Text(3));

        Assert.False(source.CanMake);
        Assert.Equal(["a"], await source.RetireAsync(["a"], None));
        Assert.Contains("HUB_MASTER_KEY_PREVIOUS", (await Assert.ThrowsAsync<MasterKeyException>(() => source.MakeAsync(None))).Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        if (File.Exists(folder))
            File.Delete(folder);
        else if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    private KeyFileSource Source() => new(folder);

    private void Protect()
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
