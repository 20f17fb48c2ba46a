using System.Runtime.Versioning;
using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Tests.Secrets;

public sealed class MasterKeyTests : IDisposable
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), "hub-test-" + Guid.NewGuid().ToString("N"));

    private HubOptions InFolder => new() { Data = folder };

    private string KeyFile => Path.Combine(folder, MasterKey.FileName);

    [Theory]
    [InlineData("not base64!", "not base64")]
    [InlineData("c2hvcnQ=", "5 bytes")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "36 bytes")]
    public void Load_SettingIsNoKey_SaysWhatItMustBe(string setting, string says)
    {
        var fault = Assert.Throws<MasterKeyException>(() => MasterKey.Load(new HubOptions { MasterKey = setting }));

        Assert.Contains(says, fault.Message, StringComparison.Ordinal);
        Assert.Contains("HUB_MASTER_KEY", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(setting, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_FirstStart_MakesAFileThatTheNextStartReads()
    {
        var first = MasterKey.Load(InFolder);
        var second = MasterKey.Load(InFolder);

        Assert.True(first.Created);
        Assert.False(second.Created);
        Assert.Equal(first.Id, second.Id);
        Assert.Equal(KeyFile, second.FilePath);
        Assert.Equal([KeyFile], Directory.GetFiles(folder));
    }

    [Fact]
    public async Task Load_ManyAtOnce_AgreeOnOneKey()
    {
        var loaded = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => MasterKey.Load(InFolder))));

        Assert.Single(loaded.Select(key => key.Id).Distinct());
        Assert.Single(loaded, key => key.Created);
    }

    [SkippableFact]
    [UnsupportedOSPlatform("windows")]
    public void Load_MadeFile_IsForItsOwnerOnly()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no file modes.");
        MasterKey.Load(InFolder);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
    }

    [SkippableTheory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    [UnsupportedOSPlatform("windows")]
    public void Load_FileOpenToOthers_IsRefused(UnixFileMode mode)
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no file modes.");
        MasterKey.Load(InFolder);
        File.SetUnixFileMode(KeyFile, File.GetUnixFileMode(KeyFile) | mode);

        var fault = Assert.Throws<MasterKeyException>(() => MasterKey.Load(InFolder));

        Assert.Contains($"chmod 600 '{KeyFile}'", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    public void Load_DamagedFile_IsRefusedAndKept(string content)
    {
        MasterKey.Load(InFolder);
        File.WriteAllText(KeyFile, content);

        var fault = Assert.Throws<MasterKeyException>(() => MasterKey.Load(InFolder));

        Assert.Contains(KeyFile, fault.Message, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(KeyFile));
    }

    [Fact]
    public void Load_FolderCannotBeMade_SaysSo()
    {
        File.WriteAllText(folder, "in the way");

        var fault = Assert.Throws<MasterKeyException>(() => MasterKey.Load(InFolder));

        Assert.Contains(folder, fault.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        if (File.Exists(folder))
            File.Delete(folder);
        else if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }
}
