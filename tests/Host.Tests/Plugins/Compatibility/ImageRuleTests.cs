using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;

namespace IntegrationHub.Host.Tests.Plugins.Compatibility;

public sealed class ImageRuleTests
{
    private const string Where = "/entry/assembly";

    [Theory]
    [InlineData(".NETCoreApp,Version=v10.0")]
    [InlineData(".NETCoreApp,Version=v6.0")]
    [InlineData(".NETStandard,Version=v2.0")]
    [InlineData("nonsense")]
    public void Check_RuntimeThisHubHas_IsFine(string framework)
    {
        var image = new TestImage().WithAdapter();
        image.TargetFramework(framework);

        Assert.Empty(TestFolder.Check(image).Errors);
    }

    [Fact]
    public void Check_NewerRuntime_IsSaidOnceWithBothVersions()
    {
        var image = new TestImage().WithAdapter();
        image.TargetFramework(".NETCoreApp,Version=v99.0");
        image.Type("System.Collections", "99.0.0.0", "System.Collections.Generic", "List`1");

        TestFolder.AssertOne(TestFolder.Check(image).Errors, Where, "built for .NET 99.0", $"runs on .NET {Environment.Version}");
    }

    [Fact]
    public void Check_NetFramework_IsAWarning()
    {
        var image = new TestImage().WithAdapter();
        image.TargetFramework(".NETFramework,Version=v4.8");

        TestFolder.AssertOne(TestFolder.Check(image).Warnings, Where, ".NET Framework 4.8");
    }

    [Theory]
    [InlineData(Machine.Amd64, CorFlags.ILOnly, Architecture.X64)]
    [InlineData(Machine.Arm64, CorFlags.ILOnly, Architecture.Arm64)]
    [InlineData(Machine.I386, CorFlags.ILOnly | CorFlags.Requires32Bit, Architecture.X86)]
    [InlineData(Machine.ArmThumb2, CorFlags.ILOnly, Architecture.Arm)]
    public void Check_OneProcessorOnly_IsFineOnThatOneAlone(Machine machine, CorFlags flags, Architecture processor)
    {
        var errors = TestFolder.Check(new TestImage { Machine = machine, Flags = flags }.WithAdapter()).Errors;

        if (RuntimeInformation.ProcessArchitecture == processor)
            Assert.Empty(errors);
        else
            TestFolder.AssertOne(errors, Where, $"built for {processor} processors only", $"runs on {RuntimeInformation.ProcessArchitecture}");
    }

    [Fact]
    public void Check_AnyProcessorPreferring32Bit_IsFine() =>
        Assert.Empty(TestFolder.Check(new TestImage { Flags = CorFlags.ILOnly | CorFlags.Requires32Bit | CorFlags.Prefers32Bit }.WithAdapter()).Errors);

    [Fact]
    public void Check_MixedWithNativeCode_SaysSo() =>
        TestFolder.AssertOne(TestFolder.Check(new TestImage { Flags = 0 }.WithAdapter()).Errors, Where, "C++/CLI");

    [Fact]
    public void Check_ReferenceAssembly_SaysSo()
    {
        var image = new TestImage().WithAdapter();
        image.Attribute("System.Runtime.CompilerServices", "ReferenceAssemblyAttribute");

        TestFolder.AssertOne(TestFolder.Check(image).Errors, Where, "is a reference assembly");
    }

    // 0x7B79 is Linux, 0x4644 macOS; Windows has none.
    [Theory]
    [InlineData(Machine.Arm64, 0x4644)]
    [InlineData(Machine.Amd64, 0xADC4)]
    public void Check_PrecompiledForAnotherSystem_IsAWarning(Machine machine, int system)
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder.File("Made.dll"), Precompiled((ushort)((ushort)machine ^ system)));

        var report = folder.Check();

        Assert.Empty(report.Errors);
        TestFolder.AssertOne(report.Warnings, Where, "ReadyToRun");
    }

    [Fact]
    public void Check_PrecompiledForThisSystem_IsFine()
    {
        // The framework's own assemblies are.
        using var folder = new TestFolder();
        var json = typeof(System.Text.Json.JsonElement).Assembly.Location;
        File.Copy(json, folder.File("Made.dll"));

        Assert.DoesNotContain(folder.Check("System.Text.Json.JsonDocument").Warnings, issue => issue.Message.Contains("ReadyToRun", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("MZ")]
    [InlineData("this is no assembly")]
    public void Check_Junk_SaysSo(string content)
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder.File("Made.dll"), content);

        TestFolder.AssertOne(folder.Check().Errors, Where, "'Made.dll' is no .NET assembly that this host can load");
    }

    [Fact]
    public void Check_NativeLibrary_SaysSo()
    {
        var bytes = new TestImage().WithAdapter().ToBytes();
        using (var reader = new PEReader(new MemoryStream(bytes)))
        {
            // Without the entry for the runtime's header it is a native library.
            var start = reader.PEHeaders.PEHeaderStartOffset + 96 + (14 * 8);
            Array.Clear(bytes, start, 8);
        }

        using var folder = new TestFolder();
        File.WriteAllBytes(folder.File("Made.dll"), bytes);

        TestFolder.AssertOne(folder.Check().Errors, Where, "native library");
    }

    [Fact]
    public void Check_FileCutShort_SaysSoAndNeverThrows()
    {
        var bytes = new TestImage().WithAdapter().ToBytes();
        using var folder = new TestFolder();
        for (var length = 1; length < bytes.Length - 512; length += 64)
        {
            File.WriteAllBytes(folder.File("Made.dll"), bytes[..length]);
            Assert.NotEmpty(folder.Check().Errors);
        }
    }

    [Fact]
    public void Check_AnyByteDamaged_NeverThrows()
    {
        var bytes = new TestImage().WithAdapter().ToBytes();
        using var folder = new TestFolder();
        for (var at = 0; at < bytes.Length; at++)
        {
            if (bytes[at] == 0 && at % 7 != 0)
                continue;

            var damaged = (byte[])bytes.Clone();
            damaged[at] ^= 0xFF;
            File.WriteAllBytes(folder.File("Made.dll"), damaged);
            Assert.NotNull(folder.Check());
        }
    }

    [Fact]
    public void Check_Always_LeavesTheFilesFree()
    {
        using var folder = new TestFolder();
        new TestImage().WithAdapter().Write(folder.Path);
        Assert.Empty(folder.Check().Errors);

        using var alone = new FileStream(folder.File("Made.dll"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.DoesNotContain(AppDomain.CurrentDomain.GetAssemblies(), assembly => assembly.GetName().Name == "Made");
    }

    private static byte[] Precompiled(ushort machine)
    {
        var bytes = new TestImage().WithAdapter().ToBytes();
        using var reader = new PEReader(new MemoryStream(bytes));
        BitConverter.TryWriteBytes(bytes.AsSpan(reader.PEHeaders.CoffHeaderStartOffset), machine);

        // ECMA-335 II.25.3.3: ManagedNativeHeader is the last directory of the runtime's header.
        BitConverter.TryWriteBytes(bytes.AsSpan(reader.PEHeaders.CorHeaderStartOffset + 64), 0x2000);
        BitConverter.TryWriteBytes(bytes.AsSpan(reader.PEHeaders.CorHeaderStartOffset + 68), 16);
        return bytes;
    }
}
