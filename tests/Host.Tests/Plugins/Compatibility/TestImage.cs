using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace IntegrationHub.Host.Tests.Plugins.Compatibility;

/// <summary>Writes assemblies that no compiler here would: built against versions that do not exist, for other processors, damaged. They have metadata and no code.</summary>
internal sealed class TestImage
{
    public const string Contract = "IntegrationHub.Abstractions";
    private readonly MetadataBuilder metadata = new();
    private readonly Dictionary<(string Name, Version Version), AssemblyReferenceHandle> assemblies = [];
    private int methods = 1;

    public TestImage(string name = "Made", string version = "1.0.0.0")
    {
        Name = name;
        metadata.AddModule(0, metadata.GetOrAddString(name + ".dll"), metadata.GetOrAddGuid(Guid.NewGuid()), default, default);
        Self = metadata.AddAssembly(metadata.GetOrAddString(name), new Version(version), default, default, 0, 0);
        metadata.AddTypeDefinition(default, default, metadata.GetOrAddString("<Module>"), default, MetadataTokens.FieldDefinitionHandle(1), MetadataTokens.MethodDefinitionHandle(1));
        Object = Type("System.Runtime", "10.0.0.0", "System", "Object");
    }

    public string Name { get; }

    public AssemblyDefinitionHandle Self { get; }

    public TypeReferenceHandle Object { get; }

    public Machine Machine { get; set; } = Machine.I386;

    public CorFlags Flags { get; set; } = CorFlags.ILOnly;

    public AssemblyReferenceHandle Assembly(string name, string version)
    {
        var key = (name, new Version(version));
        if (!assemblies.TryGetValue(key, out var handle))
            assemblies.Add(key, handle = metadata.AddAssemblyReference(metadata.GetOrAddString(name), key.Item2, default, default, 0, default));

        return handle;
    }

    public TypeReferenceHandle Type(string assembly, string version, string space, string name) =>
        metadata.AddTypeReference(Assembly(assembly, version), metadata.GetOrAddString(space), metadata.GetOrAddString(name));

    public TypeReferenceHandle ContractType(string name, string version = "1.0.0.0") => Type(Contract, version, "IntegrationHub.Adapters", name);

    /// <summary>Refers to a method, as a call of it does.</summary>
    public void Calls(TypeReferenceHandle type, string name, bool isStatic, Action<ReturnTypeEncoder> returns, params Action<SignatureTypeEncoder>[] parameters) =>
        metadata.AddMemberReference(type, metadata.GetOrAddString(name), Signature(isStatic, returns, parameters));

    public void ReadsField(TypeReferenceHandle type, string name, Action<SignatureTypeEncoder> fieldType)
    {
        var blob = new BlobBuilder();
        fieldType(new BlobEncoder(blob).Field().Type());
        metadata.AddMemberReference(type, metadata.GetOrAddString(name), metadata.GetOrAddBlob(blob));
    }

    /// <summary>Gives the assembly an attribute with one text, or none.</summary>
    public void Attribute(string space, string name, string? text = null)
    {
        var constructor = metadata.AddMemberReference(
            Type("System.Runtime", "10.0.0.0", space, name),
            metadata.GetOrAddString(".ctor"),
            Signature(false, r => r.Void(), text is null ? [] : [p => p.String()]));
        var value = new BlobBuilder();
        value.WriteUInt16(1);
        if (text is not null)
            value.WriteSerializedString(text);

        value.WriteUInt16(0);
        metadata.AddCustomAttribute(Self, constructor, metadata.GetOrAddBlob(value));
    }

    public void TargetFramework(string name) => Attribute("System.Runtime.Versioning", "TargetFrameworkAttribute", name);

    /// <summary>Defines a class. Its methods are added by the action, before any other class.</summary>
    public TypeDefinitionHandle Class(string space, string name, TypeAttributes attributes, EntityHandle parent, EntityHandle[] interfaces, Action? addMethods = null)
    {
        var handle = metadata.AddTypeDefinition(
            attributes, metadata.GetOrAddString(space), metadata.GetOrAddString(name), parent, MetadataTokens.FieldDefinitionHandle(1), MetadataTokens.MethodDefinitionHandle(methods));
        foreach (var contract in interfaces)
            metadata.AddInterfaceImplementation(handle, contract);

        addMethods?.Invoke();
        return handle;
    }

    public void Nest(TypeDefinitionHandle type, TypeDefinitionHandle outer) => metadata.AddNestedType(type, outer);

    public void MakeGeneric(TypeDefinitionHandle type) => metadata.AddGenericParameter(type, default, metadata.GetOrAddString("T"), 0);

    public void Method(string name, MethodAttributes attributes, Action<ReturnTypeEncoder> returns, params Action<SignatureTypeEncoder>[] parameters)
    {
        metadata.AddMethodDefinition(attributes, MethodImplAttributes.IL, metadata.GetOrAddString(name), Signature(attributes.HasFlag(MethodAttributes.Static), returns, parameters), -1, MetadataTokens.ParameterHandle(1));
        methods++;
    }

    public void Constructor(MethodAttributes access = MethodAttributes.Public, params Action<SignatureTypeEncoder>[] parameters) =>
        Method(".ctor", access | MethodAttributes.SpecialName | MethodAttributes.RTSpecialName, r => r.Void(), parameters);

    /// <summary>The members of the adapter interface, as a plugin has them.</summary>
    public void AdapterMethods(string contractVersion = "1.0.0.0", string? except = null)
    {
        const MethodAttributes Implements = MethodAttributes.Public | MethodAttributes.Virtual | MethodAttributes.Final | MethodAttributes.NewSlot | MethodAttributes.HideBySig;
        var task = Type("System.Runtime", "10.0.0.0", "System.Threading.Tasks", "ValueTask");
        var taskOf = Type("System.Runtime", "10.0.0.0", "System.Threading.Tasks", "ValueTask`1");
        var token = Type("System.Runtime", "10.0.0.0", "System.Threading", "CancellationToken");
        Add("InitializeAsync", r => r.Type().Type(task, true), p => p.Type(ContractType("ProviderContext", contractVersion), false), p => p.Type(token, true));
        Add(
            "ExecuteAsync",
            r => r.Type().GenericInstantiation(taskOf, 1, true).AddArgument().Type(ContractType("OperationResult", contractVersion), false),
            p => p.Type(ContractType("OperationRequest", contractVersion), false),
            p => p.Type(token, true));
        Add("DisposeAsync", r => r.Type().Type(task, true));

        void Add(string name, Action<ReturnTypeEncoder> returns, params Action<SignatureTypeEncoder>[] parameters)
        {
            if (name != except)
                Method(name, Implements, returns, parameters);
        }
    }

    /// <summary>A class <c>Made.Adapter</c> that is all right.</summary>
    public TestImage WithAdapter(string contractVersion = "1.0.0.0", string? except = null)
    {
        Class("Made", "Adapter", TypeAttributes.Public | TypeAttributes.Sealed, Object, [ContractType("IProviderAdapter", contractVersion)], () =>
        {
            Constructor();
            AdapterMethods(contractVersion, except);
        });
        return this;
    }

    public byte[] ToBytes()
    {
        var image = new BlobBuilder();
        var characteristics = Machine == Machine.I386 ? Characteristics.Dll | Characteristics.ExecutableImage : Characteristics.Dll | Characteristics.ExecutableImage | Characteristics.LargeAddressAware;
        new ManagedPEBuilder(new PEHeaderBuilder(Machine, imageCharacteristics: characteristics), new MetadataRootBuilder(metadata), new BlobBuilder(), flags: Flags).Serialize(image);
        return image.ToArray();
    }

    public void Write(string folder) => File.WriteAllBytes(Path.Combine(folder, Name + ".dll"), ToBytes());

    private BlobHandle Signature(bool isStatic, Action<ReturnTypeEncoder> returns, Action<SignatureTypeEncoder>[] parameters)
    {
        var blob = new BlobBuilder();
        new BlobEncoder(blob).MethodSignature(isInstanceMethod: !isStatic).Parameters(parameters.Length, out var returnType, out var list);
        returns(returnType);
        foreach (var parameter in parameters)
            parameter(list.AddParameter().Type());

        return metadata.GetOrAddBlob(blob);
    }
}
